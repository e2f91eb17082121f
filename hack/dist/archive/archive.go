// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// File is one file of an archive. All files belong to root.
type File struct {
	// Name is its path in the archive, with slashes and without one in front.
	Name    string
	Mode    fs.FileMode
	Content []byte
}

// Directory reads the files below dir as those of an archive, each readable by all.
func Directory(dir string) ([]File, error) {
	var files []File
	err := filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		files = append(files, File{Name: filepath.ToSlash(name), Mode: 0o644, Content: content})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", dir, err)
	}
	return files, nil
}

// Tar writes the files, and before them the directories that they are in.
func Tar(w io.Writer, when time.Time, files ...File) error {
	archive := tar.NewWriter(w)
	for _, dir := range directories(files) {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: when}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("archiving %s: %w", dir, err)
		}
	}
	for _, file := range files {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: file.Name, Mode: int64(file.Mode.Perm()),
			Size: int64(len(file.Content)), ModTime: when,
		}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("archiving %s: %w", file.Name, err)
		}
		if _, err := archive.Write(file.Content); err != nil {
			return fmt.Errorf("archiving %s: %w", file.Name, err)
		}
	}
	return archive.Close()
}

// directories are the parents of all files, each before what is in it.
func directories(files []File) []string {
	var all []string
	for _, file := range files {
		for dir := path.Dir(file.Name); dir != "."; dir = path.Dir(dir) {
			all = append(all, dir)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TarGz is Tar, compressed.
func TarGz(w io.Writer, when time.Time, files ...File) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := Tar(compressed, when, files...); err != nil {
		return err
	}
	return compressed.Close()
}

// firstZipTime is the earliest time that a zip archive can write.
var firstZipTime = time.Date(1980, time.January, 1, 0, 0, 0, 0, time.UTC)

// Zip writes the files. A time before 1980, which zip cannot write, becomes 1980.
func Zip(w io.Writer, when time.Time, files ...File) error {
	if when.Before(firstZipTime) {
		when = firstZipTime
	}
	archive := zip.NewWriter(w)
	for _, file := range files {
		header := &zip.FileHeader{Name: file.Name, Method: zip.Deflate, Modified: when.UTC()}
		header.SetMode(file.Mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("archiving %s: %w", file.Name, err)
		}
		if _, err := entry.Write(file.Content); err != nil {
			return fmt.Errorf("archiving %s: %w", file.Name, err)
		}
	}
	return archive.Close()
}
