import Models
import Tensors

/// The model and options that a session's keys, values and logits depend on. They must match when it is restored.
struct SessionIdentity: Equatable {
    let modelName: String
    let fingerprint: Int
    /// By name, in a fixed order.
    let options: [Option]

    struct Option: Equatable {
        let name: String
        let value: String
    }

    init(_ model: Model, _ options: SessionOptions) {
        modelName = model.name
        fingerprint = Int(truncatingIfNeeded: model.stack.fingerprint)
        self.options = [
            Option(name: "KV format", value: options.kvFormat.rawValue),
            Option(name: "activations", value: options.activations.rawValue),
            Option(name: "window", value: options.window.map { "\($0)" } ?? "none"),
            Option(name: "sinks", value: "\(options.sinkCount)"),
        ]
    }

    init(_ fields: inout FieldReader) throws(Damage) {
        modelName = try fields.text()
        fingerprint = try fields.int()
        var options: [Option] = []
        for _ in 0..<4 { options.append(Option(name: try fields.text(), value: try fields.text())) }
        self.options = options
        try fields.end()
    }

    var bytes: [UInt8] {
        var fields = FieldWriter()
        fields.append(modelName)
        fields.append(fingerprint)
        for option in options {
            fields.append(option.name)
            fields.append(option.value)
        }
        return fields.bytes
    }

    /// Throws unless `given` matches. The model's name may differ: it only names the directory.
    func check(against given: SessionIdentity, path: String) throws(SessionFileError) {
        guard fingerprint == given.fingerprint else {
            throw .otherModel(path: path, saved: modelName, given: given.modelName)
        }
        for (saved, given) in zip(options, given.options) where saved != given {
            guard saved.name == given.name else {
                throw .damaged(path: path, problem: "has an option '\(saved.name)' where '\(given.name)' belongs")
            }
            throw .otherOption(path: path, option: given.name, saved: saved.value, given: given.value)
        }
    }
}
