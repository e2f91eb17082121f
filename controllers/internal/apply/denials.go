// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Denials are the writes that the API server has refused of late. The same write is not
// sent again for a while, however many events ask for it: the status of a workload that
// rolls out changes many times a minute. A restart forgets them, and asks once more. A
// nil *Denials remembers nothing. Its methods may be called from several goroutines.
type Denials struct {
	retry time.Duration
	clock clock.PassiveClock

	mu   sync.Mutex
	last map[string]denial // by object and manager
}

type denial struct {
	body []byte
	at   time.Time
	err  error
}

// NewDenials returns Denials that hold for a time.
func NewDenials(retry time.Duration, c clock.PassiveClock) *Denials {
	return &Denials{retry: retry, clock: c, last: map[string]denial{}}
}

// unless makes a write, unless just that was refused of late.
func (d *Denials) unless(write string, body []byte, does func() error) error {
	if err := d.recall(write, body); err != nil {
		return err
	}
	err := does()
	d.note(write, body, err)
	return err
}

// recall is the refusal of a write that still holds; nil where there is none.
func (d *Denials) recall(write string, body []byte) error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	last, found := d.last[write]
	if !found || !bytes.Equal(last.body, body) || d.clock.Since(last.at) >= d.retry {
		return nil
	}
	return last.err
}

// note keeps the refusal of a write, and forgets that of one that was not refused, and
// those that hold no longer.
func (d *Denials) note(write string, body []byte, err error) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.last, write)
	for other, last := range d.last {
		if d.clock.Since(last.at) >= d.retry {
			delete(d.last, other)
		}
	}
	if IsDenied(err) && !isGone(err) {
		d.last[write] = denial{body: body, at: d.clock.Now(), err: err}
	}
}

// send applies a body for a manager, and logs what that does, unless just that was refused
// of late.
func (w Writer) send(
	ctx context.Context, does string, body *unstructured.Unstructured, manager string, opts ...client.ApplyOption,
) error {
	wanted := body.DeepCopy()
	wanted.SetResourceVersion("") // a later one asks for the same
	content, err := wanted.MarshalJSON()
	if err != nil {
		return fmt.Errorf("writing %s: %w", Describe(body), err)
	}
	write := body.GroupVersionKind().String() + " " + client.ObjectKeyFromObject(body).String() + " " + manager
	return w.Denials.unless(write, content, func() error {
		log.FromContext(ctx).Info(does, "object", Describe(body))
		opts = append(opts, client.FieldOwner(manager))
		return w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(body), opts...)
	})
}

// sendOther is send for what is no apply: a name stands for what it does to the object,
// in whatever version.
func (w Writer) sendOther(name string, obj client.Object, does func() error) error {
	return w.Denials.unless(name+" "+Describe(obj), []byte(obj.GetUID()), does)
}
