import Hummingbird
import Logging

/// What routes know of a request beside the request.
struct ServerContext: RequestContext {
    struct Source: RequestContextSource {
        let logger: Logger
        let exchange: Exchange
    }

    var coreContext: CoreRequestContextStorage
    let exchange: Exchange
    /// Who asks; by address until a key is known.
    var client: Client
    /// The key that the client sent; nil without keys.
    var key: APIKey?

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        exchange = source.exchange
        client = Client(id: source.exchange.address)
    }
}
