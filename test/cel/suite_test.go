// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package cel_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/meshingress/meshingress/test/env"
)

func TestCEL(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "CEL")
}

var testEnv *env.Environment

var _ = BeforeSuite(func(ctx SpecContext) {
	log.SetLogger(GinkgoLogr)
	var err error
	testEnv, err = env.Start(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() error { return testEnv.Stop() })
})

// acceptance is a change to a valid object after which it is still valid.
type acceptance[T client.Object] struct {
	name   string
	mutate func(T)
}

// rejection is a change to a valid object that makes it invalid.
type rejection[T client.Object] struct {
	name   string
	mutate func(T)

	// update is set where the change is refused only to an object that exists.
	update bool

	// field and message of the error: a path and a part of the text.
	field, message string
}

func acceptances[T client.Object](cases []acceptance[T]) []TableEntry {
	var entries []TableEntry
	for _, c := range cases {
		entries = append(entries, Entry(c.name, c))
	}
	return entries
}

func rejections[T client.Object](cases []rejection[T]) []TableEntry {
	var entries []TableEntry
	for _, c := range cases {
		entries = append(entries, Entry(c.name, c))
	}
	return entries
}

// check sends a valid object with the change. Nothing is stored, except where the
// change is an update.
func (r rejection[T]) check(ctx context.Context, valid T) {
	GinkgoHelper()
	if !r.update {
		r.mutate(valid)
		expectRejected(testEnv.Client.Create(ctx, valid, client.DryRunAll), r.field, r.message)
		return
	}
	Expect(testEnv.Client.Create(ctx, valid)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(testEnv.Client.Delete(ctx, valid)).To(Succeed()) })
	changed := valid.DeepCopyObject().(T)
	r.mutate(changed)
	expectRejected(testEnv.Client.Update(ctx, changed), r.field, r.message)
}

// check expects no warnings either.
func (a acceptance[T]) check(ctx context.Context, valid T) {
	GinkgoHelper()
	var warnings recorder
	config := rest.CopyConfig(testEnv.Config)
	config.WarningHandlerWithContext = &warnings
	c, err := client.New(config, client.Options{Scheme: testEnv.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	a.mutate(valid)
	Expect(c.Create(ctx, valid, client.DryRunAll)).To(Succeed())
	Expect(warnings).To(BeEmpty())
}

// expectRejected expects one field to be wrong, and no other.
func expectRejected(err error, field, message string) {
	GinkgoHelper()
	Expect(apierrors.IsInvalid(err)).To(BeTrue(), "error: %v", err)
	var status apierrors.APIStatus
	Expect(errors.As(err, &status)).To(BeTrue())
	// Where the schema is not met the API server adds that it has not looked at
	// the rules, under the field "<nil>".
	causes := slices.DeleteFunc(status.Status().Details.Causes, func(c metav1.StatusCause) bool { return c.Field == "<nil>" })
	Expect(causes).To(HaveEach(HaveField("Field", field)))
	Expect(causes).To(ContainElement(HaveField("Message", ContainSubstring(message))))
}

// recorder remembers the warnings of the API server.
type recorder []string

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (r *recorder) HandleWarningHeaderWithContext(_ context.Context, _ int, _, text string) {
	*r = append(*r, text)
}

// schemaPath turns the path of a field into that of its schema: rules[0] becomes
// rules[].
func schemaPath(field string) string {
	return regexp.MustCompile(`\[\d+\]`).ReplaceAllString(field, "[]")
}
