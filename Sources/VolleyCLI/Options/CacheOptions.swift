import ArgumentParser
import Volley

/// Where prompts that have been read are kept.
struct CacheOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Keep prompts that have been read in this directory, so that no later run reads them again.",
            valueName: "directory"))
    var promptCache: String?

    @Option(
        help: ArgumentHelp(
            "Maximum size of the prompt cache, as in 500MB or 20GiB (default: 8GiB).", valueName: "bytes"))
    var cacheSize: ByteSize?

    func validate() throws {
        guard promptCache != nil || cacheSize == nil else {
            throw ValidationError("'--cache-size' limits a prompt cache: give '--prompt-cache' too.")
        }
    }

    /// The options, with the cache if there is one.
    ///
    /// - Throws: `PromptCacheError`.
    func applied(to options: SessionOptions) throws(PromptCacheError) -> SessionOptions {
        guard let promptCache else { return options }
        var options = options
        options.promptCache = try PromptCache(
            promptCache, byteLimit: cacheSize?.byteCount ?? PromptCache.defaultByteLimit,
            report: { StandardError.warn($0) })
        return options
    }
}
