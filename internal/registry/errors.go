package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	"github.com/containerd/errdefs"
)

// NotFoundError says that a registry doesn't have something.
type NotFoundError struct {
	Ref Ref
	// What is missing there: "the manifest", "the repository", or a blob by its
	// digest.
	What string
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("%s: the registry doesn't have %s", e.Ref, e.What)
}

// Blob tells that it is a blob, of a manifest that is there.
func (e *NotFoundError) Blob() bool { return strings.HasPrefix(e.What, blobName) }

// Repository tells that it is the repository, to which something was pushed.
func (e *NotFoundError) Repository() bool { return e.What == repositoryName }

// What messages call things.
const (
	manifestName   = "the manifest"
	repositoryName = "the repository"
	blobName       = "the blob "
)

// UnauthorizedError says that a registry wants other credentials, or none of
// them at all. Most answer so, too, where there is no such repository.
type UnauthorizedError struct {
	Ref Ref
	// Message is the registry's, and may be empty.
	Message string
}

func (e *UnauthorizedError) Error() string {
	return fmt.Sprintf("%s: access denied%s", e.Ref, colon(e.Message))
}

// UnreachableError says that a registry couldn't be talked to.
type UnreachableError struct {
	Ref Ref
	Err error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%s: reaching the registry: %v", e.Ref, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// PlainHTTP tells that the registry speaks HTTP where HTTPS was spoken to it.
func (e *UnreachableError) PlainHTTP() bool { return errors.Is(e.Err, http.ErrSchemeMismatch) }

// RefusedError is any other answer of a registry than the one that was asked
// for.
type RefusedError struct {
	Ref Ref
	// Status is HTTP's: "500 Internal Server Error".
	Status string
	// Message is the registry's, and may be empty.
	Message string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s: the registry answered %s%s", e.Ref, e.Status, colon(e.Message))
}

// DamagedError says that something hasn't the bytes that its digest names.
type DamagedError struct {
	Ref Ref
	// What is damaged: "the manifest", or a blob by its digest.
	What string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s: %s is damaged: %v", e.Ref, e.What, e.Err)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// SizeError says that a manifest has more bytes than [MostManifest]. Nothing of
// what it names was sent or taken.
type SizeError struct {
	Ref  Ref
	Size int64
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%s: the manifest has %d bytes, at most %d are allowed", e.Ref, e.Size, MostManifest)
}

// tooLarge tells a manifest that containerd finds too large from one that isn't
// there, which is the same to it but for the words.
func tooLarge(ref Ref, err error) error {
	var size int64
	if _, scan := fmt.Sscanf(err.Error(), "rejecting %d byte manifest", &size); scan == nil {
		return &SizeError{Ref: ref, Size: size}
	}
	return err
}

// OfflineError says that a registry would have to be asked, while connections
// are forbidden.
type OfflineError struct{ Ref Ref }

func (e *OfflineError) Error() string { return fmt.Sprintf("offline, and %s is in a registry", e.Ref) }

// CredentialsError says that credentials couldn't be read.
type CredentialsError struct {
	Host string
	Err  error
}

func (e *CredentialsError) Error() string {
	return fmt.Sprintf("reading the credentials for %s: %v", e.Host, e.Err)
}

func (e *CredentialsError) Unwrap() error { return e.Err }

func colon(s string) string {
	if s == "" {
		return ""
	}
	return ": " + s
}

// own are the errors that say all there is to say.
func own(err error) bool {
	var notFound *NotFoundError
	var damaged *DamagedError
	var size *SizeError
	return errors.As(err, &notFound) || errors.As(err, &damaged) || errors.As(err, &size)
}

// explain makes an error of ours of containerd's.
func explain(ctx context.Context, ref Ref, what string, err error) error {
	var status remoteerrors.ErrUnexpectedStatus
	var credentials *CredentialsError
	var source *sourceError
	switch {
	case err == nil, err == io.EOF:
		return err
	case errors.As(err, &credentials):
		return credentials
	case errors.As(err, &source):
		return source.err
	case own(err):
		return err
	case ctx.Err() != nil:
		return interrupted(ctx, ref)
	case errors.Is(err, docker.ErrInvalidAuthorization):
		return &UnauthorizedError{Ref: ref}
	case errors.As(err, &status):
		return answered(ref, what, status, message(err))
	case errdefs.IsNotFound(err):
		return &NotFoundError{Ref: ref, What: what}
	case errdefs.IsFailedPrecondition(err):
		return &DamagedError{Ref: ref, What: what, Err: errors.New("it has more bytes")}
	case unreachable(err):
		return &UnreachableError{Ref: ref, Err: bare(err)}
	}
	return fmt.Errorf("%s: %w", ref, err)
}

// interrupted says why a context ended.
func interrupted(ctx context.Context, ref Ref) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errStalled) {
		return &UnreachableError{Ref: ref, Err: cause}
	}
	return cause
}

// answered is the error of an answer.
func answered(ref Ref, what string, status remoteerrors.ErrUnexpectedStatus, text string) error {
	switch status.StatusCode {
	case http.StatusNotFound:
		return &NotFoundError{Ref: ref, What: what}
	case http.StatusUnauthorized, http.StatusForbidden:
		return &UnauthorizedError{Ref: ref, Message: text}
	}
	return &RefusedError{Ref: ref, Status: status.Status, Message: text}
}

// message is what the registry itself says of an error.
func message(err error) string {
	var said docker.Errors
	if !errors.As(err, &said) || len(said) == 0 {
		return ""
	}
	var one docker.Error
	if errors.As(said[0], &one) && one.Message != "" {
		return one.Message
	}
	return said[0].Error()
}

// unreachable tells errors of a connection.
func unreachable(err error) bool {
	var request *url.Error
	var connection net.Error
	return errors.As(err, &request) || errors.As(err, &connection) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe)
}

// bare takes the URL off an error, which has passwords and tells no more than
// the reference does.
func bare(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var connection *net.OpError
	switch {
	case errors.As(err, &connection):
		return connection
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the connection broke off")
	}
	return err
}
