package registry

import (
	"context"
	"errors"
	"time"
)

// errStalled is the cause of a transfer's end that stood still.
var errStalled = errors.New("it stopped in the middle of a transfer")

// watch ends a context where nothing moves for too long.
type watch struct {
	cancel context.CancelCauseFunc
	timer  *time.Timer
	stall  time.Duration
}

func (c *Client) watch(ctx context.Context) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(c.opt.Stall, func() { cancel(errStalled) })
	return ctx, &watch{cancel: cancel, timer: timer, stall: c.opt.Stall}
}

// moved tells that something did.
func (w *watch) moved() { w.timer.Reset(w.stall) }

// rest lets it stand still: what is awaited has a limit of its own.
func (w *watch) rest() { w.timer.Stop() }

// close ends the context.
func (w *watch) close() {
	w.timer.Stop()
	w.cancel(nil)
}
