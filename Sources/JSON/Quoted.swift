/// `text` in quotes for a message: control characters escaped, cut after 80 characters.
///
/// Names in files can be anything, a terminal's escape sequences included.
package func quoted(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(80) { shown += scalar.escaped(asASCII: false) }
    return "'" + shown + (text.unicodeScalars.count > 80 ? "…" : "") + "'"
}
