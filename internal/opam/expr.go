package opam

// An Expr is a value as it is written in a file: one of [*StringLit],
// [*IntLit], [*BoolLit], [*Ident], [*ListExpr], [*GroupExpr], [*OptionExpr],
// [*BinaryExpr] and [*PrefixExpr].
type Expr interface {
	// Pos is where the value begins.
	Pos() Position
}

// StringLit is a string, with its escapes already read.
type StringLit struct {
	At    Position
	Value string
}

// IntLit is a whole number.
type IntLit struct {
	At    Position
	Value int64
}

// BoolLit is true or false.
type BoolLit struct {
	At    Position
	Value bool
}

// Ident is a word: a flag or a variable such as pkg:var.
type Ident struct {
	At   Position
	Name string
}

// ListExpr is [ … ].
type ListExpr struct {
	At    Position
	Items []Expr
}

// GroupExpr is ( … ).
type GroupExpr struct {
	At    Position
	Items []Expr
}

// OptionExpr is X { … }.
type OptionExpr struct {
	At   Position
	X    Expr
	Args []Expr
}

// BinaryExpr is X Op Y, where Op is a relational (= != < <= > >=), a logical
// (& |) or an environment update operator (+= =+ := =: =+=). The = of an
// environment update is a relational one.
type BinaryExpr struct {
	At   Position
	Op   string
	X, Y Expr
}

// PrefixExpr is Op X, where Op is ! or ? or a relational operator.
type PrefixExpr struct {
	At Position
	Op string
	X  Expr
}

// Pos is where the value begins.
func (e *StringLit) Pos() Position { return e.At }

// Pos is where the value begins.
func (e *IntLit) Pos() Position { return e.At }

// Pos is where the value begins.
func (e *BoolLit) Pos() Position { return e.At }

// Pos is where the value begins.
func (e *Ident) Pos() Position { return e.At }

// Pos is where the value begins.
func (e *ListExpr) Pos() Position { return e.At }

// Pos is where the value begins.
func (e *GroupExpr) Pos() Position { return e.At }

// Pos is where the value begins.
func (e *OptionExpr) Pos() Position { return e.At }

// Pos is where the value begins.
func (e *BinaryExpr) Pos() Position { return e.At }

// Pos is where the value begins.
func (e *PrefixExpr) Pos() Position { return e.At }

// An Item is one line of a file: a field, or a section with items of its own.
type Item struct {
	At   Position
	Name string // the field's name, or the section's kind

	// Value is a field's value, nil for a section.
	Value Expr

	// Title is a section's title, nil without one.
	Title *string
	Items []Item
}
