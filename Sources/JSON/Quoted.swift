/// Returns `text` in quotes for a message: control characters escaped, cut after 80 characters.
///
/// A name in a file can hold anything, even terminal escape sequences.
package func quoted(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(80) { shown += scalar.escaped(asASCII: false) }
    return "'" + shown + (text.unicodeScalars.count > 80 ? "…" : "") + "'"
}
