// Package registry pushes OCI manifests with their blobs to container
// registries and takes them from there
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md). It
// knows nothing of what they mean.
//
// The protocol is containerd's remotes/docker, which BuildKit and Docker use:
// its handling of tokens, redirects and of what registries get wrong isn't worth
// writing again. What is added here is what ofarm promises of every byte:
//
//   - A reference is spelt out ([ParseRef]): the host is never guessed, and
//     neither is a tag.
//   - What is taken is held against its digest and size while it is read. What
//     doesn't fit ends in a [*DamagedError] and not in [io.EOF]. What is pushed
//     is too: a store's damage isn't spread.
//   - A push asks for each blob first and sends what is missing, and the
//     manifest last: one that was broken off is resumed by doing it again, and
//     leaves nothing that looks whole. Reading can begin at any byte
//     ([Client.OpenAt]), so a reader resumes what it has kept.
//   - What changes nothing is asked again where a gateway doesn't reach the registry
//     (502), beside what containerd asks again.
//   - A transfer that stands still ends. A push may wait longer for the answer:
//     some registries copy what they got before they give it.
//   - Errors say which kind they are, and nothing of the machinery:
//     [*NotFoundError], [*UnauthorizedError], [*UnreachableError],
//     [*RefusedError], [*DamagedError], [*SizeError].
//
// As with Docker, registries on this machine's loopback addresses are spoken to
// by HTTP, all others by HTTPS but for those that [Options] name; and credentials
// are those of "docker login" ([DockerCredentials]), with its credential helpers.
//
// A client keeps the tokens that it was given, for as long as they hold. It
// reads no environment: where Docker's configuration is and which proxy to use
// is given to it. Docker's own code does, which reads that configuration: it takes
// DOCKER_AUTH_CONFIG first, as "docker" does, and writes to standard error where
// that can't be read.
package registry
