package opam

// Arg is one argument of a command: a string, or a bare variable (Ref).
type Arg struct {
	At   Position
	Text string
	Ref  *Ref // nil for a string
	When *Filter
}

// Command is one command of build, install, remove or run-test.
type Command struct {
	At   Position
	Args []Arg
	When *Filter
}

// commands reads [[…]{…} […]]; the outer brackets may lack, and those of a
// command of a single word too.
func (d *decoder) commands(e Expr) []Command {
	var cmds []Command
	for _, item := range nested(e, 2) {
		x, opts := splitOption(item)
		list, ok := x.(*ListExpr)
		if !ok {
			d.errs.add(x.Pos(), "expected a command between brackets")
			continue
		}
		c := Command{At: x.Pos(), When: d.filterOf(opts)}
		for _, a := range list.Items {
			c.Args = append(c.Args, d.arg(a))
		}
		cmds = append(cmds, c)
	}
	return cmds
}

func (d *decoder) arg(e Expr) Arg {
	x, opts := splitOption(e)
	a := Arg{At: x.Pos(), When: d.filterOf(opts)}
	switch x := x.(type) {
	case *StringLit:
		a.Text = x.Value
	case *Ident:
		ref := parseRef(x.Name, false)
		a.Ref = &ref
	default:
		d.errs.add(x.Pos(), "expected a string or a variable as the argument of a command")
	}
	return a
}

// EvalCommands gives the words of the commands that are run, as opam would:
// arguments and commands whose filter isn't true are left out, and so are
// commands without words. Run-time values stay parts of the words. The one
// error is a [*RunTimeError], for a filter.
func EvalCommands(cmds []Command, env Env) ([][]Word, error) {
	var all [][]Word
	for _, c := range cmds {
		run, err := c.When.True(env)
		if err != nil {
			return nil, err
		}
		if !run {
			continue
		}
		words, err := c.words(env)
		if err != nil {
			return nil, err
		}
		if len(words) > 0 {
			all = append(all, words)
		}
	}
	return all, nil
}

func (c Command) words(env Env) ([]Word, error) {
	var words []Word
	for _, a := range c.Args {
		keep, err := a.When.True(env)
		if err != nil {
			return nil, err
		}
		if !keep {
			continue
		}
		w, err := a.words(env)
		if err != nil {
			return nil, err
		}
		words = append(words, w...)
	}
	return words, nil
}

// words gives one word, or as many as a variable's list has; an undefined
// variable is an empty word.
func (a Arg) words(env Env) ([]Word, error) {
	if a.Ref == nil {
		w, err := Expand(a.Text, env)
		return []Word{w}, err
	}
	v, err := a.Ref.resolve(env)
	if err != nil {
		return nil, err
	}
	if v.kind != listValue {
		return []Word{v.Word()}, nil
	}
	words := make([]Word, len(v.list))
	for i, s := range v.list {
		words[i] = String(s).Word()
	}
	return words, nil
}
