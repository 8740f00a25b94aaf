// Package tomlfile reads settings from a file in TOML 1.0, and says of everything
// that is wrong with it where it stands.
//
// The library that decodes tells places only of what it refuses itself: a mistake
// of syntax, a value of the wrong kind, a key that nobody knows. What is wrong with
// a value that it takes only the caller knows, who finds its key with [Places].
//
// It is strict: a key that isn't there in the Go value is a mistake, since a
// mistyped one would otherwise be a setting that has no effect.
package tomlfile
