// Package oci writes OCI image layouts that BuildKit reads, with the same bytes
// every time.
//
// A [Layout] is a folder as the OCI image layout specification describes it
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md).
// BuildKit reads it through a session: containerd's local content store opens
// the folder, and llb.OCILayout names the image by its manifest's digest.
//
// Decisions:
//
//   - Layers are plain tar, not packed: they go from disk to a daemon on the
//     same machine, and gzip would cost more time than it saves, and make the
//     digest depend on a compressor's version.
//   - The digests are those of the content alone. [WriteTree] sorts, and fixes
//     owner and time; JSON has fixed fields in a fixed order, no date of its own
//     and no history.
//   - index.json stays empty. BuildKit finds an image by the digest of its
//     manifest and reads no index, and a list of all images would be the one
//     file that concurrent writers fight for. Which images there are is in
//     refs/, one small file per image ([Layout.Remember]), under the digest of
//     a key that says what the image is made of: whoever needs an image looks
//     there first ([Layout.Lookup]).
//   - Files get their names only when they are whole. A blob that is written
//     once more gets a new time, which is what protects it from
//     [Layout.Prune]: that removes what no remembered image needs, and only
//     what is older than its caller says. Writers share a lock that Prune has
//     alone, so no blob goes between the look at its age and its removal.
package oci
