// Package bundle writes and reads bundles: one file with every input of a lock,
// to build from where there is neither a network nor a mirror.
//
// # The file
//
// A bundle is an OCI image layout
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md) in
// a tar, so that other tools can look into it and a registry could hold it. Its
// entries are, in this order:
//
//	oci-layout
//	index.json              names the manifest
//	blobs/sha256/MANIFEST   an artifact of the type application/vnd.ofarm.bundle.v1
//	blobs/sha256/CONFIG     the empty config, "{}"
//	blobs/sha256/LOCK       the lock
//	blobs/sha256/…          the inputs, sorted by digest, each once
//
// The manifest has one layer for the lock and one for each input, sorted by
// title: an annotation that says what the input is, as a path
// ("debian/pool/main/z/zlib/zlib1g_1.3_amd64.deb", "opam/dune.3.17.2/opam"). An
// input that is two things has two layers and one blob. Inputs are as they were
// fetched, never packed again: most are packed already, and a digest that a
// mirror knows is worth more than a few bytes.
//
// A bundle may have the programs that build, too, at titles below "tools"
// ([ToolTitle]): to [Open] they are inputs like others, and bundles without them
// are as they were. Without ofarm at hand, grep finds them in the bundle, which
// is packed nowhere, and tar takes them out, since their blobs are the files:
//
//	grep -ao 'sha256:[0-9a-f]*","size":[0-9]*,"annotations":{"[a-z.]*":"tools/[^"]*' FILE
//	tar -xOf FILE blobs/sha256/… >ofarm && chmod +x ofarm
//
// What there is to know comes first, so a reader that has the first few blocks
// knows where everything else must be.
//
// # One spelling
//
// The same lock gives the same bytes: headers are POSIX ustar
// (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar
// Interchange Format") with mode 0644, owner 0 and the time 0; the JSON has no
// date; the order is the one above. Nothing of the machine goes in. A ustar
// header has room for inputs below 8 GiB; a larger one can't be bundled.
//
// [Open] accepts that one spelling only. It makes every header anew from the
// manifest and compares, and so knows without further rules that nothing is
// missing, nothing was added, nothing has another name, and that every byte
// which isn't in a blob is as it was written. The price is that a bundle which
// another tool has packed anew is refused, even where it is as good: it has to
// be pulled through ofarm.
//
// Opening reads the headers, the manifest and the ends, and seeks over the
// blobs, so a bundle of gigabytes opens at once. A blob is verified when it is
// taken, by its reader: the bytes that don't fit end in a [*DamagedError] in
// place of [io.EOF]. [Bundle.Verify] reads them all. A damaged bundle is never
// made do with: it was whole when it was written, and what broke it may have
// broken more.
//
// # In a registry
//
// [Push] brings the same manifest and the same blobs into a container registry: a
// bundle's digest there is the one in its file's index.json. [OpenRemote] reads the
// manifest, by the same rules as a file's, and blobs when they are asked for, each
// verified as it is read. So a repository holds the inputs of any number of locks,
// each once, and is a mirror of them.
//
// To pull a bundle into a file is to fetch its inputs into a store, where what is
// there isn't fetched again, and to write the file from it: that the bytes are the
// same needs no care. It takes the room twice; a store is what an interrupted
// transfer is resumed in.
//
// Registries take manifests of up to 4 MiB, which some 13,000 inputs fill; a
// bundle in a file has no more, so that each can be pushed.
//
// # Interrupted
//
// What takes long in making a bundle is fetching, and that goes on where it
// stopped: inputs that are there stay in the store, and of one that broke off the
// rest is asked for (package input). The file is then written from the store, at
// the disk's speed, without a name until it is whole. An interrupted one leaves
// nothing, even one that was killed outright (but where the file system has no files
// without a name: there a file .NAME.… beside it, to be removed by hand), and is
// written from its start again: to go on with half a file one would have to
// read and verify what it has, which costs about what writing it costs.
//
// A copy of a bundle that broke off may be resumed by whatever copies it (curl -C -,
// rsync --append): the bytes are the same each time they are made, and what doesn't
// fit is refused.
//
// A bundle is opened for reading only, and stays closed between reads: it holds
// no file that has to be given back. No input is ever in memory as a whole.
package bundle
