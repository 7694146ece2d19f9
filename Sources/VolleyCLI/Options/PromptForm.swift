import ArgumentParser

enum PromptForm: String, EnumerableFlag {
    case chat
    case raw
}
