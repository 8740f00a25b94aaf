package opam

import (
	"fmt"
	"strconv"
)

// lineWidth is where the printer breaks a list into one item per line.
const lineWidth = 78

// Append adds the file's syntax to b, in opam's layout. What it writes reads
// back as the same items; comments and the original layout are lost.
func (f *File) Append(b []byte) []byte { return AppendItems(b, f.Items) }

// AppendItems adds items to b, one per line.
func AppendItems(b []byte, items []Item) []byte { return appendItems(b, items, "") }

func appendItems(b []byte, items []Item, indent string) []byte {
	for _, it := range items {
		b = append(b, indent...)
		b = append(b, it.Name...)
		if it.Value != nil {
			b = append(b, ": "...)
			b = appendTop(b, it.Value, indent)
			b = append(b, '\n')
			continue
		}
		if it.Title != nil {
			b = append(b, ' ')
			b = appendString(b, *it.Title)
		}
		b = append(b, " {\n"...)
		b = appendItems(b, it.Items, indent+"  ")
		b = append(b, indent...)
		b = append(b, "}\n"...)
	}
	return b
}

// appendTop writes a field's value: a list that doesn't fit a line gets a line
// for each item.
func appendTop(b []byte, e Expr, indent string) []byte {
	list, ok := e.(*ListExpr)
	start := len(b)
	b = AppendExpr(b, e)
	if !ok || len(list.Items) == 0 || len(b)-start < lineWidth-len(indent) {
		return b
	}
	b = append(b[:start], '[', '\n')
	for _, item := range list.Items {
		b = append(b, indent...)
		b = append(b, ' ', ' ')
		b = AppendExpr(b, item)
		b = append(b, '\n')
	}
	b = append(b, indent...)
	return append(b, ']')
}

// AppendExpr adds a value to b, without line breaks but those in strings.
func AppendExpr(b []byte, e Expr) []byte {
	switch e := e.(type) {
	case *StringLit:
		return appendString(b, e.Value)
	case *IntLit:
		return strconv.AppendInt(b, e.Value, 10)
	case *BoolLit:
		return strconv.AppendBool(b, e.Value)
	case *Ident:
		return append(b, e.Name...)
	case *ListExpr:
		return appendList(b, "[", e.Items, "]")
	case *GroupExpr:
		return appendList(b, "(", e.Items, ")")
	case *OptionExpr:
		return appendList(append(AppendExpr(b, e.X), ' '), "{", e.Args, "}")
	case *BinaryExpr:
		b = append(AppendExpr(b, e.X), ' ')
		b = append(append(b, e.Op...), ' ')
		return AppendExpr(b, e.Y)
	case *PrefixExpr:
		b = append(b, e.Op...)
		if e.Op != "!" && e.Op != "?" {
			b = append(b, ' ')
		}
		return AppendExpr(b, e.X)
	}
	panic(fmt.Sprintf("opam: unknown expression %T", e))
}

func appendList(b []byte, open string, items []Expr, end string) []byte {
	b = append(b, open...)
	for i, item := range items {
		if i > 0 {
			b = append(b, ' ')
		}
		b = AppendExpr(b, item)
	}
	return append(b, end...)
}

// appendString writes a string in quotes. Line feeds and bytes beyond ASCII
// stay as they are.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' && c != '\n' || c == 0x7f:
			b = fmt.Appendf(b, "\\%03d", c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}
