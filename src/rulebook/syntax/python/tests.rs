//! Tests of the reader of Python.

use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Module {
    parse(text).expect("is Python")
}

#[test]
fn functions_and_what_they_say_of_themselves() {
    let module = read(
        "class A(abc.ABC):\n  @property\n  def a(self) -> int:\n    'd'\n    return 1\n  def _b(self, x, *y, z: int = 1): ...\n\
         async def c():\n  def d(): pass\n  class E:\n    def f(self): raise NotImplementedError('x')\nclass _G:\n  def h(self): return 1\n",
    );
    let told: Vec<_> =
        module.functions.iter().map(|f| (f.name.as_str(), f.is_public(), f.has_docstring, f.is_stub)).collect();
    assert_eq!(
        told,
        [
            ("a", true, true, false),
            ("_b", false, false, true),
            ("c", true, false, false),
            ("d", false, false, true),
            ("f", false, false, true),
            ("h", false, false, false)
        ]
    );
    assert!(module.functions[0].is_decorated("property") && module.functions[0].has_return_type);
    assert_eq!(module.functions[0].class.as_ref().map(|class| class.bases.clone()), Some(vec!["abc.ABC".into()]));
    let annotated: Vec<bool> = module.functions[1].parameters.iter().map(|parameter| parameter.is_annotated).collect();
    assert_eq!(annotated, [false, false, false, true]);
    assert_eq!((module.functions[0].span.line, module.functions[0].span.column), (3, 7));
}

#[test]
fn calls_under_their_whole_names() {
    let module = read(
        "from subprocess import run as r\nimport os.path, requests as q\nr('x', shell=True)\nq.get(u, verify=False)\nos.path.join(a)\n\
         if __name__ == '__main__':\n  é = f(sys.stderr)\n",
    );
    let callees: Vec<&str> = module.calls.iter().map(|call| call.callee.as_str()).collect();
    assert_eq!(callees, ["subprocess.run", "requests.get", "os.path.join", "f"]);
    assert_eq!(module.calls[0].arguments, [Value::Text("x".into())]);
    let verify = module.calls[1].keyword("verify").expect("there");
    assert_eq!((&verify.value, verify.span), (&Value::Bool(false), Span::on_line(4, 10, 12)));
    assert!(module.calls[3].is_in_main && module.calls[3].span.column == 7);
    assert_eq!(module.main.as_ref().map(|main| main.span), Some(Span::on_line(6, 1, 25)));
    assert!(module.imports("requests") && !module.imports("argparse") && !module.imports("request"));
}

#[test]
fn handlers() {
    let module = read("try:\n  a\nexcept (A, B): pass\nexcept x.E: pass\nexcept:\n  raise\n");
    let told: Vec<_> = module.handlers.iter().map(|h| (h.span.line, h.catches.as_deref(), h.raises)).collect();
    assert_eq!(told, [(3, Some(""), false), (4, Some("x.E"), false), (5, None, true)]);
}

#[test]
fn what_is_wrong_has_a_place() {
    let fault = parse("a = 1\nprint 'x'\n").expect_err("is no Python 3");
    assert_eq!(fault.span.map(|span| span.line), Some(2));
}

#[test]
fn hostile_texts_end_soon() {
    let pieces = [
        "(",
        "[",
        "{",
        "not ",
        "-",
        "lambda:",
        "lambda a=",
        "await ",
        "x if x else ",
        "2**",
        "f'{",
        "f\"{f'{",
        "a=",
        "*",
        "with (",
        "a<",
        "a[:",
        "x=yield ",
        "@a\n",
        "{a:",
        "a.b",
        ".b",
        "()",
        "+a",
        "\\\n",
        "'",
        "if a:\n ",
        "lambda a,",
        "a(b,-",
        "def f(a=",
        "\u{0}",
        "`",
        "é",
        "match a:\n case ",
        "f'{a:{",
        "x:=",
    ];
    for piece in pieces {
        let _ = parse(&piece.repeat(20_000));
        let _ = parse(&format!("a{}", piece.repeat(1_900)));
        let _ = parse(&format!("a = {}1", piece.repeat(90)));
    }
    assert!(parse(&format!("a{}", "+a".repeat(100_000))).is_err());
    assert!(parse(&(0..200).map(|depth| format!("{}if a:\n", " ".repeat(depth))).collect::<String>()).is_err());
    let rows = "  (1, -2, 'a' + 'b', f(x.y)),\n".repeat(20_000);
    assert_eq!(read(&format!("a = [\n{rows}]\n")).calls.len(), 20_000, "much is not deep");
}

proptest! {
    #[test]
    fn any_text_is_taken(text in any::<String>()) {
        let _ = parse(&text);
    }

    #[test]
    fn any_signs_are_taken(text in "[abdefi0'\"(){}\\[\\]:,.=+*@#\n \\\\é-]{0,60}") {
        let _ = parse(&text);
    }
}
