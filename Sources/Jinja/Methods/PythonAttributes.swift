/// Python's built-in attributes, which the sandbox hides from templates.
enum PythonAttributes {
    private static let common: Set<Text> = [
        "__class__", "__delattr__", "__dir__", "__doc__", "__eq__", "__format__", "__ge__", "__getattribute__",
        "__getstate__", "__gt__", "__hash__", "__init__", "__init_subclass__", "__le__", "__lt__", "__ne__", "__new__",
        "__reduce__", "__reduce_ex__", "__repr__", "__setattr__", "__sizeof__", "__str__", "__subclasshook__",
    ]
    private static let containers: Set<Text> = ["__contains__", "__getitem__", "__iter__", "__len__"]
    private static let numbers: Set<Text> = ["__add__", "__bool__", "__int__", "__float__", "__mul__", "__sub__"]

    static func exists(_ name: Text, on value: Value) -> Bool {
        if case .object(let object) = value, object is Namespace { return name == "__class__" }
        if common.contains(name) { return true }
        return switch value {
        case .string, .list, .tuple, .mapping, .undefined: containers.contains(name)
        case .int, .float, .bool: numbers.contains(name)
        case .none: name == "__bool__"
        case .object(let object): object.isCallable && (name == "__call__" || name == "__name__")
        }
    }
}
