import ArgumentParser

@main
struct VolleyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "volley")
}
