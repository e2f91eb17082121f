// Copyright The MeshIngress Authors.
// SPDX-License-Identifier: Apache-2.0

package watches

import (
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// A goroutine that is left in the bubble fails a test.

func TestAWatchThatIsStoppedBeforeItsEventIsTakenEnds(t *testing.T) {
	synctest.Test(t, func(*testing.T) {
		source := watch.NewFake()
		w := watchInitial(source, func() {})
		source.Add(&corev1.Pod{})
		synctest.Wait()
		w.Stop()
		w.Stop()
	})
}

func TestAWatchTellsOnceItHasHandedOverWhatThereWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, told := watch.NewFake(), false
		w := watchInitial(source, func() { told = true })
		defer w.Stop()
		last := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Annotations: map[string]string{metav1.InitialEventsAnnotationKey: "true"},
		}}
		go func() {
			source.Add(&corev1.Pod{})
			source.Action(watch.Bookmark, last)
		}()
		<-w.ResultChan()
		synctest.Wait()
		if told {
			t.Error("it has told before the bookmark was taken")
		}
		<-w.ResultChan()
		synctest.Wait()
		if !told {
			t.Error("it has not told")
		}
	})
}
