package handler

import (
	"container/heap"
	"context"
	"iter"
	"sync"
	"time"

	smithytime "github.com/aws/smithy-go/time"
)

// line is where jobs wait for a step, in the order in which they are due.
type line struct {
	done  <-chan struct{} // closed when no job will come any more
	turn  chan struct{}   // held by the one worker that waits for the next job
	added chan struct{}   // a job has come while it waits

	mu    sync.Mutex
	queue queue
	count int
}

func newLine(done <-chan struct{}) *line {
	return &line{done: done, turn: make(chan struct{}, 1), added: make(chan struct{}, 1)}
}

// add queues the job until it is due.
func (l *line) add(j *job, due time.Time) {
	l.mu.Lock()
	l.count++
	heap.Push(&l.queue, place{j, due, l.count})
	l.mu.Unlock()
	select {
	case l.added <- struct{}{}:
	default:
	}
}

// due returns the jobs, each when it is due, until done is closed. Several
// workers may take jobs at the same time.
func (l *line) due() iter.Seq[*job] {
	return func(yield func(*job) bool) {
		for {
			select {
			case l.turn <- struct{}{}:
			case <-l.done:
				return
			}
			j := l.next()
			<-l.turn
			if j == nil || !yield(j) {
				return
			}
		}
	}
}

// next waits for the next job, or returns nil when done is closed.
func (l *line) next() *job {
	for {
		j, wait := l.take()
		if j != nil {
			return j
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-l.added:
		case <-l.done:
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// take returns the first job if it is due, or else the time until it is.
func (l *line) take() (*job, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return nil, time.Hour
	}
	if wait := time.Until(l.queue[0].due); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&l.queue).(place).job, 0
}

// queue is a heap of jobs, ordered by due time and then by arrival.
type queue []place

type place struct {
	job   *job
	due   time.Time
	count int
}

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].due.Equal(q[j].due) {
		return q[i].count < q[j].count
	}
	return q[i].due.Before(q[j].due)
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(place)) }
func (q *queue) Pop() any {
	last := len(*q) - 1
	x := (*q)[last]
	*q = (*q)[:last]
	return x
}

// pause waits for the given time, or until ctx ends.
func pause(ctx context.Context, wait time.Duration) {
	if wait > 0 {
		smithytime.SleepWithContext(ctx, wait)
	}
}
