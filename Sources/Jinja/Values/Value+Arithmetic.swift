import Foundation

extension Run {
    /// `left symbol right` by Python's rules.
    func compute(_ symbol: Symbol, _ left: Value, _ right: Value) throws(TemplateError) -> Value {
        if let left = left.integer, let right = right.integer { return try compute(symbol, left, right) }
        if let left = left.number, let right = right.number { return try compute(symbol, left, right) }
        switch (symbol, left, right) {
        case (.modulo, .string(let format), _):
            return try make(try PercentFormat(format, self).text(with: right).marked(format.isMarkup))
        case (_, .undefined(let undefined), _), (_, _, .undefined(let undefined)):
            throw failure(undefined.message)
        case (.add, .string(let left), .string(let right)):
            try charge(left.utf8.count + right.utf8.count + 32)
            guard left.isMarkup || right.isMarkup else { return .string(left + right) }
            return try make((try escaped(left) + escaped(right)).marked())
        case (.add, .list(let left), .list(let right)): return try make(left.elements + right.elements)
        case (.add, .tuple(let left), .tuple(let right)): return try make(tuple: left.elements + right.elements)
        case (.multiply, _, _):
            if let count = right.integer, let product = try repeated(left, count) { return product }
            if let count = left.integer, let product = try repeated(right, count) { return product }
        default: break
        }
        throw unsupported(symbol, left, right)
    }

    private func unsupported(_ symbol: Symbol, _ left: Value, _ right: Value) -> TemplateError {
        failure("unsupported operand types for \(symbol.rawValue): '\(left.typeName)' and '\(right.typeName)'")
    }

    private func repeated(_ value: Value, _ count: Int) throws(TemplateError) -> Value? {
        let count = max(count, 0)
        switch value {
        case .string(let text):
            try charge(try product(text.utf8.count, count))
            var bytes: [UInt8] = []
            bytes.reserveCapacity(text.utf8.count * count)
            for _ in 0..<(text.isEmpty ? 0 : count) { bytes.append(text) }
            return .string(Text(utf8: bytes, isASCII: text.isASCII || count == 0).marked(text.isMarkup))
        case .list(let list): return try make(try repeated(list.elements, count))
        case .tuple(let list): return try make(tuple: try repeated(list.elements, count))
        default: return nil
        }
    }

    private func repeated(_ elements: [Value], _ count: Int) throws(TemplateError) -> [Value] {
        try charge(try product(elements.count * MemoryLayout<Value>.stride, count))
        var result: [Value] = []
        for _ in 0..<(elements.isEmpty ? 0 : count) { result += elements }
        return result
    }

    private func product(_ size: Int, _ count: Int) throws(TemplateError) -> Int {
        let (product, overflow) = size.multipliedReportingOverflow(by: count)
        return overflow ? .max : product
    }

    private func whole(_ result: (partialValue: Int, overflow: Bool)) throws(TemplateError) -> Value {
        guard !result.overflow else { throw failure("the result does not fit 64 bits") }
        return .int(result.partialValue)
    }

    private func compute(_ symbol: Symbol, _ left: Int, _ right: Int) throws(TemplateError) -> Value {
        switch symbol {
        case .add: return try whole(left.addingReportingOverflow(right))
        case .subtract: return try whole(left.subtractingReportingOverflow(right))
        case .multiply: return try whole(left.multipliedReportingOverflow(by: right))
        case .power where right >= 0: return .int(try power(left, right))
        case .power: return try compute(symbol, Double(left), Double(right))
        default: break
        }
        guard right != 0 else { throw failure("division by zero") }
        switch symbol {
        case .divide: return .float(Double(left) / Double(right))
        case .floorDivide:
            let quotient = left.dividedReportingOverflow(by: right)
            let rest = left.remainderReportingOverflow(dividingBy: right).partialValue
            let isBelow = rest != 0 && (left < 0) != (right < 0)
            return try whole((isBelow ? quotient.partialValue - 1 : quotient.partialValue, quotient.overflow))
        default:
            let rest = left.remainderReportingOverflow(dividingBy: right).partialValue
            return .int(rest != 0 && (rest < 0) != (right < 0) ? rest + right : rest)
        }
    }

    private func power(_ base: Int, _ exponent: Int) throws(TemplateError) -> Int {
        if base == 0 || base == 1 { return exponent == 0 ? 1 : base }
        if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
        var result = 1
        for _ in 0..<exponent {
            let product = result.multipliedReportingOverflow(by: base)
            guard !product.overflow else { throw failure("the result does not fit 64 bits") }
            result = product.partialValue
        }
        return result
    }

    private func compute(_ symbol: Symbol, _ left: Double, _ right: Double) throws(TemplateError) -> Value {
        switch symbol {
        case .add: return .float(left + right)
        case .subtract: return .float(left - right)
        case .multiply: return .float(left * right)
        case .power:
            guard left != 0 || right >= 0 else { throw failure("0.0 cannot be raised to a negative power") }
            guard left >= 0 || right == right.rounded() || !left.isFinite else {
                throw failure("a negative number cannot be raised to a fraction")
            }
            let result = pow(left, right)
            guard result.isFinite || !left.isFinite || !right.isFinite else { throw failure("the result is too large") }
            return .float(result)
        default: break
        }
        guard right != 0 else { throw failure("division by zero") }
        if symbol == .divide { return .float(left / right) }
        var rest = fmod(left, right)
        var quotient = (left - rest) / right
        if rest != 0, (rest < 0) != (right < 0) {
            rest += right
            quotient -= 1
        } else if rest == 0 {
            rest = right < 0 ? -0.0 : 0.0
        }
        if symbol == .modulo { return .float(rest) }
        guard quotient != 0 else { return .float(left / right < 0 || (left / right).sign == .minus ? -0.0 : 0.0) }
        let floor = quotient.rounded(.down)
        return .float(quotient - floor > 0.5 ? floor + 1 : floor)
    }
}
