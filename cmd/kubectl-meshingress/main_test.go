// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const (
	classTraefik = `apiVersion: networking.meshingress.dev/v1alpha1
kind: MeshIngressClass
metadata: {name: traefik}
spec: {vendor: Traefik}
---
`
	ingressWeb = `apiVersion: networking.meshingress.dev/v1alpha1
kind: MeshIngress
metadata: {name: web, namespace: emojivoto}
spec:
  className: traefik
  rules:
  - host: example.com
    paths: [{path: /, backends: [{service: {name: web-svc, port: {number: 80}}}]}]
---
`
	deploymentTraefik = `apiVersion: apps/v1
kind: Deployment
metadata: {name: traefik, namespace: traefik}
spec:
  selector: {matchLabels: {app.kubernetes.io/name: traefik}}
  template:
    metadata: {labels: {app.kubernetes.io/name: traefik}}
    spec: {containers: [{name: traefik, image: "traefik:v3.0.0"}]}
---
`
)

// result is what a run leaves.
type result struct {
	code           int
	stdout, stderr string
}

func runWith(stdin string, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// writeFiles writes files, by path, into a new directory.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestExitCodes(t *testing.T) {
	for name, tc := range map[string]struct {
		args       []string
		stdin      string
		want       int
		wantStderr []string
	}{
		"a plan": {
			args: []string{"render", "-f", "-"}, stdin: classTraefik + ingressWeb, want: exitOK,
		},
		"an empty input is told": {
			args: []string{"render", "-f", "-"}, want: exitOK, wantStderr: []string{"warning: "},
		},
		"an error of a MeshIngress": {
			args: []string{"render", "-f", "-"}, stdin: ingressWeb, want: exitErrors,
			wantStderr: []string{"emojivoto/web: spec.className: Not found"},
		},
		"an error of a class": {
			args: []string{"render", "-f", "-"}, stdin: strings.Replace(classTraefik, "Traefik}", "Foo}", 1),
			want:       exitErrors,
			wantStderr: []string{"traefik: spec.vendor: Unsupported value"},
		},
		"errors have a line each": {
			args: []string{"render", "-f", "-"}, want: exitErrors,
			stdin: classTraefik + strings.NewReplacer("number: 80", "number: 0", "example.com", "UPPER").
				Replace(ingressWeb),
			wantStderr: []string{
				"emojivoto/web: spec.rules[0].host: ",
				"emojivoto/web: spec.rules[0].paths[0].backends[0].service.port.number: ",
			},
		},
		"broken YAML": {
			args: []string{"render", "-f", "-"}, stdin: classTraefik + "a: [", want: exitUnusable,
			wantStderr: []string{"error: standard input: document 2: "},
		},
		"an unknown field": {
			args:       []string{"render", "-f", "-"},
			stdin:      classTraefik + strings.Replace(ingressWeb, "className", "classname", 1),
			want:       exitUnusable,
			wantStderr: []string{"error: standard input: document 2: MeshIngress web: unknown field spec.classname"},
		},
		"no path": {
			args: []string{"render"}, want: exitUnusable, wantStderr: []string{"error: required flag"},
		},
		"a path that is not there": {
			args: []string{"render", "-f", "not-there.yaml"},
			want: exitUnusable, wantStderr: []string{"error: stat not-there.yaml"},
		},
		"an unknown output": {
			args: []string{"render", "-f", "-", "-o", "xml"},
			want: exitUnusable, wantStderr: []string{`error: --output "xml"`},
		},
		"an unknown flag": {
			args: []string{"render", "--what"}, want: exitUnusable, wantStderr: []string{"error: unknown flag"},
		},
		"an unknown command": {
			args: []string{"what"}, want: exitUnusable, wantStderr: []string{"error: unknown command"},
		},
		"a served kind that cannot be read": {
			args: []string{"render", "-f", "-", "--served", "Ingress"},
			want: exitUnusable, wantStderr: []string{`error: served kind "Ingress"`},
		},
		"a served kind of no vendor": {
			args: []string{"render", "-f", "-", "--served", "a.b/v1/C"},
			want: exitUnusable, wantStderr: []string{"error: served kind a.b/v1/C"},
		},
		"a cluster domain that is none": {
			args: []string{"render", "-f", "-", "--cluster-domain", "no domain"},
			want: exitUnusable, wantStderr: []string{"error: cluster domain"},
		},
		"the version": {
			args: []string{"version"}, want: exitOK,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := runWith(tc.stdin, tc.args...)
			if got.code != tc.want {
				t.Errorf("got exit code %d, want %d", got.code, tc.want)
			}
			lines := slices.Collect(strings.Lines(got.stderr))
			slices.Sort(lines)
			if len(lines) != len(tc.wantStderr) {
				t.Fatalf("got on stderr %q, want %q", lines, tc.wantStderr)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, tc.wantStderr[i]) {
					t.Errorf("got on stderr %q, want %q", line, tc.wantStderr[i])
				}
			}
			if got.code == exitUnusable && got.stdout != "" {
				t.Errorf("got on stdout %q, want nothing", got.stdout)
			}
		})
	}
}

func TestPaths(t *testing.T) {
	dir := writeFiles(t, map[string]string{
		"a.yaml":             classTraefik,
		"b.yml":              ingressWeb,
		"c.json":             toJSON(t, strings.Replace(ingressWeb, "name: web,", "name: second,", 1)),
		"notes.txt":          "not: [YAML",
		"kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n",
		"sub/web.yaml":       strings.Replace(ingressWeb, "name: web,", "name: third,", 1),
	})
	empty := writeFiles(t, map[string]string{"notes.txt": ""})
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"a file":                  {[]string{"-f", dir + "/b.yml"}, []string{"web"}},
		"of any name":             {[]string{"-f", dir + "/c.json"}, []string{"second"}},
		"two files":               {[]string{"-f", dir + "/b.yml", "-f", dir + "/c.json"}, []string{"second", "web"}},
		"a directory":             {[]string{"-f", dir}, []string{"second", "web"}},
		"and those in it":         {[]string{"-R", "-f", dir}, []string{"second", "third", "web"}},
		"standard input and file": {[]string{"-f", "-", "-f", dir + "/b.yml"}, []string{"stdin", "web"}},
	} {
		t.Run(name, func(t *testing.T) {
			stdin := strings.Replace(ingressWeb, "name: web,", "name: stdin,", 1)
			got := runWith(stdin, append([]string{"render", "-o", "json"}, tc.args...)...)
			var names []string
			for _, m := range decodeStrictly(t, got.stdout).MeshIngresses {
				names = append(names, m.Name)
			}
			if diff := cmp.Diff(tc.want, names); diff != "" {
				t.Errorf("%s\n%s", diff, got.stderr)
			}
		})
	}
	if got := runWith("", "render", "-f", empty); got.code != exitUnusable || !strings.Contains(got.stderr, empty) {
		t.Errorf("a directory without manifests gives %+v", got)
	}
}

func TestBrokenFilesAreNamed(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.yaml": classTraefik, "b.yaml": ingressWeb + "# nothing\n---\na: [\n"})
	got := runWith("", "render", "-f", dir)
	want := "error: " + filepath.Join(dir, "b.yaml") + ": document 2: "
	if got.code != exitUnusable || !strings.HasPrefix(got.stderr, want) {
		t.Errorf("got %+v, want exit code %d and %q", got, exitUnusable, want)
	}
}

func toJSON(t *testing.T, text string) string {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(strings.TrimSuffix(text, "---\n")))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// output is the documented form of -o json, written down a second time: who reads
// it does not have our types.
type output struct {
	MeshIngresses []struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
		plan      `json:",inline"`
	} `json:"meshIngresses"`
	Classes []struct {
		Name string `json:"name"`
		plan `json:",inline"`
	} `json:"classes"`
}

type plan struct {
	Strategy       string           `json:"strategy"`
	StrategyReason string           `json:"strategyReason"`
	Objects        []map[string]any `json:"objects"`
	Patches        []struct {
		Target struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Namespace  string `json:"namespace"`
			Name       string `json:"name"`
		} `json:"target"`
		Fields map[string]any `json:"fields"`
	} `json:"patches"`
	Notices []struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"notices"`
	Errors []struct {
		Field  string `json:"field"`
		Type   string `json:"type"`
		Detail string `json:"detail"`
	} `json:"errors"`
}

func decodeStrictly(t *testing.T, text string) output {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	var out output
	if err := decoder.Decode(&out); err != nil {
		t.Fatalf("decoding %q: %v", text, err)
	}
	return out
}

func TestJSON(t *testing.T) {
	bad := strings.NewReplacer("name: web,", "name: bad,", "number: 80", "number: 0").Replace(ingressWeb)
	got := runWith(classTraefik+deploymentTraefik+ingressWeb+bad, "render", "-f", "-", "-o", "json")
	if got.code != exitErrors {
		t.Fatalf("got %+v", got)
	}
	if strings.Contains(got.stdout, "null") {
		t.Errorf("something is null in %s", got.stdout)
	}
	out := decodeStrictly(t, got.stdout)
	class, wrong, web := out.Classes[0], out.MeshIngresses[0], out.MeshIngresses[1]
	if class.Name != "traefik" || class.Strategy != "ClusterIP" || class.StrategyReason == "" {
		t.Errorf("got the class %+v", class)
	}
	patch := class.Patches[0]
	if patch.Target.APIVersion != "apps/v1" || patch.Target.Kind != "Deployment" || patch.Target.Name != "traefik" {
		t.Errorf("got a patch of %+v", patch.Target)
	}
	wantFields := map[string]any{"spec": map[string]any{"template": map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{"linkerd.io/inject": "enabled"}},
	}}}
	if diff := cmp.Diff(wantFields, patch.Fields); diff != "" {
		t.Error(diff)
	}
	if web.Namespace != "emojivoto" || web.Name != "web" ||
		len(web.Objects) != 1 || web.Objects[0]["kind"] != "IngressRoute" {
		t.Errorf("got %+v", web)
	}
	if len(wrong.Errors) != 1 || wrong.Errors[0].Type != "FieldValueInvalid" || wrong.Errors[0].Detail == "" {
		t.Errorf("got the errors %+v", wrong.Errors)
	}
}

func TestServedDecidesTheStrategy(t *testing.T) {
	for served, want := range map[string]string{
		"traefik.io/v1alpha1/IngressRoute,traefik.io/v1alpha1/Middleware":                   "ClusterIP",
		"traefik.containo.us/v1alpha1/IngressRoute,traefik.containo.us/v1alpha1/Middleware": "Header",
		"": "",
	} {
		t.Run(served, func(t *testing.T) {
			got := runWith(classTraefik, "render", "-f", "-", "-o", "json", "--served", served)
			if s := decodeStrictly(t, got.stdout).Classes[0].Strategy; s != want {
				t.Errorf("got %q, want %q", s, want)
			}
		})
	}
}

func TestClusterDomain(t *testing.T) {
	class := strings.Replace(classTraefik, "vendor: Traefik", "vendor: Traefik, routing: Header", 1)
	got := runWith(class+ingressWeb, "render", "-f", "-", "--cluster-domain", "example.test")
	if want := "web-svc.emojivoto.svc.example.test:80"; !strings.Contains(got.stdout, want) {
		t.Errorf("got %s, want %s in it", got.stdout, want)
	}
}

// The YAML is what kubectl apply would take: our objects, and nothing but comments
// about all else.
func TestYAMLHoldsTheObjectsAndComments(t *testing.T) {
	bad := strings.NewReplacer("name: web,", "name: bad,", "example.com", `"a\n---\nkind: Secret"`).Replace(ingressWeb)
	got := runWith(classTraefik+deploymentTraefik+ingressWeb+bad, "render", "-f", "-")
	var kinds []string
	for _, doc := range strings.Split(got.stdout, "---\n") {
		var obj struct {
			Kind string `json:"kind"`
		}
		if err := yaml.Unmarshal([]byte(doc), &obj); err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		if obj.Kind != "" {
			kinds = append(kinds, obj.Kind)
		}
	}
	if diff := cmp.Diff([]string{"IngressRoute"}, kinds); diff != "" {
		t.Errorf("%s\n%s", diff, got.stdout)
	}
	for _, comment := range []string{
		"# MeshIngressClass traefik\n# Strategy ClusterIP: ",
		"# Patch of Deployment traefik/traefik:\n#   spec:\n#     template:\n#       metadata:\n" +
			"#         annotations:\n#           linkerd.io/inject: enabled\n",
		"# MeshIngress emojivoto/bad\n# Error spec.rules[0].host: ",
	} {
		if !strings.Contains(got.stdout, comment) {
			t.Errorf("%q is not in\n%s", comment, got.stdout)
		}
	}
}

func TestNoticesAreComments(t *testing.T) {
	got := runWith(classTraefik, "render", "-f", "-")
	if !strings.Contains(got.stdout, "# Notice DataPlaneNotInInput: ") {
		t.Errorf("the notice is not in\n%s", got.stdout)
	}
}

func TestOutputIsTheSameEveryTime(t *testing.T) {
	text := classTraefik + deploymentTraefik + ingressWeb
	for _, format := range []string{outputYAML, outputJSON} {
		first := runWith(text, "render", "-f", "-", "-o", format)
		for range 5 {
			if diff := cmp.Diff(first.stdout, runWith(text, "render", "-f", "-", "-o", format).stdout); diff != "" {
				t.Errorf("-o %s: %s", format, diff)
			}
		}
	}
}

func TestVersion(t *testing.T) {
	if got := runWith("", "version"); got.stdout != version+"\n" {
		t.Errorf("got %+v", got)
	}
}
