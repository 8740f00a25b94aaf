// Package input keeps the inputs of a build and fetches the ones that are
// missing.
//
// An input is any byte string that a build reads: a source archive, a package
// file, a package index. It is named by its sha256. Nothing else about it
// counts, so it may come from anywhere.
//
// # The store
//
// A [Store] is a folder with one file per input, laid out as opam lays out its
// download cache: sha256/ab/abcd…. A store served by any HTTP server, or
// copied to a disk, is therefore a by-hash mirror for ofarm and for opam
// alike. An input that was found by md5 or sha512, because an opam file names
// no sha256, is linked under md5/ and sha512/ as well, so that locking again
// finds it without a connection.
//
// A file enters the store only whole: it is written to partial/, which lies in
// the same file system, verified, synced, and renamed. What bears a final name
// is trusted from then on and not read again; [Store.Verify] does so on
// request. Any number of processes may use one store: two that want the same
// input take turns by a lock on its partial file, and the second finds it
// there.
//
// # Fetching
//
// A [Fetcher] tries the places of an input in this order:
//
//  1. the store;
//  2. the holders, which have inputs at hand, such as a bundle: one that says it
//     has the input and can't give it is an error, and nobody else is asked;
//  3. by-hash mirrors that are configured to be first, or that are local
//     (file:// or a loopback address): asking them costs nothing, and who has
//     one next door means it to be used;
//  4. the URLs in the lock, in their order: they are where upstream publishes;
//  5. the base-URL mirrors of the input's archive, in the order of the
//     configuration;
//  6. the other by-hash mirrors: copies, for what upstream has dropped.
//
// The answer doesn't depend on the order, only the time does: whoever answers,
// the bytes have to fit. A place that answers with other bytes is remembered
// and the next one is tried.
//
// Passing failures (timeouts, broken connections, 429 and 5xx) are tried again
// after a growing pause; 404 is an answer, and isn't. A host that can't be
// reached at all is not asked again by the same Fetch, or a closed network would
// cost a timeout per input. A transfer that broke off is resumed with a Range
// request, in the same process or in a later one. The file's digest guards the
// joint: if the parts don't fit, the same place is asked once more from the
// first byte, before it is blamed. The retry loop is our own because it has to
// span the body, where a broken transfer shows, and not only the request.
//
// Failures are collected: one input that is nowhere doesn't keep the others
// from being fetched, and all of them are reported together, sorted by name.
// The types [NotFoundError], [UnavailableError], [ChecksumError],
// [OfflineError] and [NoSpaceError] say what kind each is.
//
// The package reads neither clock nor environment: proxies come with
// [Fetcher.Proxy], the pause between retries is [Fetcher.Sleep], and a [Meter]
// is given its clock.
package input
