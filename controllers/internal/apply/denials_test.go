// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/meshingress/meshingress/controllers/internal/apply"
)

const hold = 5 * time.Minute

var deploymentsResource = schema.GroupResource{Group: "apps", Resource: "deployments"}

// gate answers writes, and counts them.
type gate struct {
	answer error
	asked  int
	log    bytes.Buffer
	clock  *clocktesting.FakePassiveClock
	writer apply.Writer
}

func newGate(answer error) *gate {
	g := &gate{answer: answer, clock: clocktesting.NewFakePassiveClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))}
	g.writer.Denials = apply.NewDenials(hold, g.clock)
	g.writer.Client = interceptor.NewClient(nil, interceptor.Funcs{
		Apply: func(context.Context, client.WithWatch, runtime.ApplyConfiguration, ...client.ApplyOption) error {
			g.asked++
			return g.answer
		},
	})
	return g
}

// write sets a value in the data of a ConfigMap.
func (g *gate) write(t *testing.T, name, manager, value string) error {
	t.Helper()
	live := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "infra", Name: name, UID: "1"}}
	ctx := log.IntoContext(t.Context(), zap.New(zap.WriteTo(&g.log)))
	_, err := g.writer.Fields(ctx, claimOn(live, manager, map[string]any{"key": value}), live)
	return err
}

func (g *gate) expectAsked(t *testing.T, times int) {
	t.Helper()
	if g.asked != times {
		t.Errorf("the API server was asked %d times, want %d", g.asked, times)
	}
	g.asked = 0
}

func (g *gate) advance(d time.Duration) { g.clock.SetTime(g.clock.Now().Add(d)) }

func TestWhatIsRefusedIsNotAskedForAgainSoon(t *testing.T) {
	denied := apierrors.NewForbidden(deploymentsResource, "edge", errors.New("no"))
	g := newGate(denied)
	for range 20 {
		if err := g.write(t, "edge", "meshingress:a", "1"); !errors.Is(err, denied) {
			t.Fatalf("got %v, want the refusal", err)
		}
	}
	g.expectAsked(t, 1)

	for name, try := range map[string]func() error{
		"another value":   func() error { return g.write(t, "edge", "meshingress:a", "2") },
		"another manager": func() error { return g.write(t, "edge", "meshingress:b", "1") },
		"another object":  func() error { return g.write(t, "other", "meshingress:a", "1") },
	} {
		if err := try(); !errors.Is(err, denied) {
			t.Errorf("%s: got %v, want the refusal", name, err)
		}
		g.expectAsked(t, 1)
	}

	g = newGate(denied)
	_ = g.write(t, "edge", "meshingress:a", "1")
	g.advance(hold - time.Nanosecond)
	_ = g.write(t, "edge", "meshingress:a", "1")
	g.expectAsked(t, 1)
	g.advance(time.Nanosecond)
	_ = g.write(t, "edge", "meshingress:a", "1")
	g.expectAsked(t, 1)

	g.advance(hold)
	g.answer = nil
	if err := g.write(t, "edge", "meshingress:a", "1"); err != nil {
		t.Errorf("got %v, although nothing stands against it any more", err)
	}
}

func TestADeletionThatIsRefusedIsNotAskedForAgainSoon(t *testing.T) {
	for name, code := range map[string]int32{"forbidden": http.StatusForbidden, "not found": http.StatusNotFound} {
		t.Run(name, func(t *testing.T) {
			g := newGate(nil)
			us := owner("infra")
			obj := generated(us, "infra", "settings", nil)
			denied := &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Message: `admission webhook "x" denied the request: no`}}
			version := 0
			c := interceptor.NewClient(nil, interceptor.Funcs{
				Get: func(_ context.Context, _ client.WithWatch, _ client.ObjectKey, into client.Object, _ ...client.GetOption) error {
					version++
					obj.DeepCopyInto(into.(*unstructured.Unstructured))
					into.SetResourceVersion(strconv.Itoa(version))
					return nil
				},
				Delete: func(context.Context, client.WithWatch, client.Object, ...client.DeleteOption) error {
					g.asked++
					return denied
				},
			})
			g.writer.Client, g.writer.Live = c, c
			for range 20 {
				if err := g.writer.Delete(t.Context(), us, entryOf(obj)); !errors.Is(err, denied) {
					t.Fatalf("got %v, want the refusal", err)
				}
			}
			g.expectAsked(t, 1)
			g.advance(hold)
			_ = g.writer.Delete(t.Context(), us, entryOf(obj))
			g.expectAsked(t, 1)
		})
	}
}

func TestOnlyWhatIsSentIsLogged(t *testing.T) {
	g := newGate(apierrors.NewForbidden(deploymentsResource, "edge", errors.New("no")))
	for range 3 {
		_ = g.write(t, "edge", "meshingress:a", "1")
	}
	const line = `"msg":"Applying fields","fields":{"data":{"key":"1"}},"object":"ConfigMap infra/edge"`
	if got := strings.Count(g.log.String(), line); got != 1 {
		t.Errorf("%s was logged %d times, want once:\n%s", line, got, &g.log)
	}
}

func TestOtherErrorsAreNotRemembered(t *testing.T) {
	for name, answer := range map[string]error{
		"none":             nil,
		"a busy server":    apierrors.NewTooManyRequests("busy", 1),
		"a broken webhook": apierrors.NewInternalError(errors.New("failed calling webhook")),
		"it is gone":       apierrors.NewNotFound(deploymentsResource, "edge"),
		"a lost race":      apierrors.NewConflict(deploymentsResource, "edge", errors.New("the object has been modified")),
	} {
		t.Run(name, func(t *testing.T) {
			g := newGate(answer)
			for range 3 {
				_ = g.write(t, "edge", "meshingress:a", "1")
			}
			g.expectAsked(t, 3)
		})
	}
}

func TestWithoutDenialsEachWriteIsSent(t *testing.T) {
	g := newGate(apierrors.NewForbidden(deploymentsResource, "edge", errors.New("no")))
	g.writer.Denials = nil
	for range 3 {
		_ = g.write(t, "edge", "meshingress:a", "1")
	}
	g.expectAsked(t, 3)
}

func TestWhoRefused(t *testing.T) {
	status := func(code int32, reason metav1.StatusReason, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reason, Message: message}}
	}
	for name, tc := range map[string]struct {
		err       error
		denied    bool
		admission bool
		stale     bool
	}{
		"nobody":   {err: nil},
		"the user": {err: errors.New("a webhook denied the request")},
		"the authorizer": {
			err: apierrors.NewForbidden(deploymentsResource, "edge", errors.New(
				`User "system:serviceaccount:x:y" cannot patch resource "deployments" in API group "apps" in the namespace "infra"`)),
			denied: true,
		},
		"a namespace that goes": {
			err:    apierrors.NewForbidden(deploymentsResource, "edge", errors.New("unable to create new content in namespace infra because it is being terminated")),
			denied: true,
		},
		"the schema": {err: apierrors.NewInvalid(schema.GroupKind{Kind: "Deployment"}, "edge", nil), denied: true},
		"a policy": {
			err:    status(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, `deployments.apps "edge" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`),
			denied: true, admission: true,
		},
		"a policy that says Unauthorized": {
			err:    status(http.StatusUnauthorized, metav1.StatusReasonUnauthorized, `deployments.apps "edge" is forbidden: ValidatingAdmissionPolicy 'p' denied request: no`),
			denied: true, admission: true,
		},
		"a policy that mutates": {
			err:    status(http.StatusForbidden, metav1.StatusReasonForbidden, `policy 'p' with binding 'b' denied request: no`),
			denied: true, admission: true,
		},
		"a webhook": {
			err:    status(http.StatusForbidden, metav1.StatusReasonForbidden, `admission webhook "validate.kyverno.svc" denied the request: no`),
			denied: true, admission: true,
		},
		"a webhook with a code of its own and no word": {
			err:    status(http.StatusTeapot, "", `admission webhook "x" denied the request without explanation`),
			denied: true, admission: true,
		},
		"a webhook with the code of a conflict": {
			err:    status(http.StatusConflict, metav1.StatusReasonConflict, `admission webhook "x" denied the request: no`),
			denied: true, admission: true,
		},
		"another write":                  {err: apierrors.NewConflict(deploymentsResource, "edge", errors.New("it has been modified")), stale: true},
		"a webhook that does not answer": {err: apierrors.NewInternalError(errors.New(`failed calling webhook "x": timeout`))},
	} {
		t.Run(name, func(t *testing.T) {
			if got := apply.IsDenied(tc.err); got != tc.denied {
				t.Errorf("IsDenied is %t, want %t", got, tc.denied)
			}
			if got := apply.IsAdmissionDenied(tc.err); got != tc.admission {
				t.Errorf("IsAdmissionDenied is %t, want %t", got, tc.admission)
			}
			if got := apply.IsStale(tc.err); got != tc.stale {
				t.Errorf("IsStale is %t, want %t", got, tc.stale)
			}
		})
	}
}
