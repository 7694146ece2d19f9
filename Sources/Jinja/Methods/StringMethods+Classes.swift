extension StringMethods {
    /// Methods that classify characters.
    static let classes: [Text: Body] = [
        "isdigit": question("isdigit") { $0.isAll { $0.properties.numericType.map { $0 != .numeric } ?? false } },
        "isdecimal": question("isdecimal") { $0.isAll { $0.properties.numericType == .decimal } },
        "isnumeric": question("isnumeric") { $0.isAll { $0.properties.numericType != nil } },
        "isalpha": question("isalpha") { $0.isAll { $0.isLetter } },
        "isalnum": question("isalnum") { $0.isAll { $0.isLetter || $0.properties.numericType != nil } },
        "isspace": question("isspace") { $0.isAll { $0.isPythonSpace } },
        "isascii": question("isascii") { $0.isASCII },
        "isprintable": question("isprintable") { $0.isEmpty || $0.isAll { $0.isPythonPrintable } },
        "isupper": question("isupper") { $0.isUpper },
        "islower": question("islower") { $0.isLower },
        "istitle": question("istitle") { $0.isTitle },
        "isidentifier": question("isidentifier") { $0.isIdentifier },
    ]
}

extension Text {
    /// Whether the text is not empty and every scalar satisfies `kind`.
    fileprivate func isAll(_ kind: (Unicode.Scalar) -> Bool) -> Bool { !isEmpty && scalars.allSatisfy(kind) }

    var isUpper: Bool {
        let scalars = scalars
        return scalars.contains { $0.properties.isUppercase }
            && !scalars.contains { $0.properties.isLowercase || $0.properties.generalCategory == .titlecaseLetter }
    }

    var isLower: Bool {
        let scalars = scalars
        return scalars.contains { $0.properties.isLowercase }
            && !scalars.contains { $0.properties.isUppercase || $0.properties.generalCategory == .titlecaseLetter }
    }

    fileprivate var isTitle: Bool {
        var (isInside, hasCased) = (false, false)
        for scalar in scalars {
            let properties = scalar.properties
            if properties.isUppercase || properties.generalCategory == .titlecaseLetter {
                if isInside { return false }
                (isInside, hasCased) = (true, true)
            } else if properties.isLowercase {
                if !isInside { return false }
                hasCased = true
            } else {
                isInside = false
            }
        }
        return hasCased
    }

    fileprivate var isIdentifier: Bool {
        guard let first = scalars.first, first == "_" || first.properties.isXIDStart else { return false }
        return scalars.allSatisfy { $0 == "_" || $0.properties.isXIDContinue }
    }
}

extension Unicode.Scalar {
    fileprivate var isLetter: Bool {
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }
}
