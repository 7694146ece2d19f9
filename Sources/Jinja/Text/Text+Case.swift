/// Case conversion as in Python's `str`: full mappings, with the Greek final sigma.
extension Text {
    var uppercased: Text {
        if isASCII { return Text(utf8: utf8.map { $0.asciiUppercased }, isASCII: true) }
        var bytes: [UInt8] = []
        for scalar in scalars { bytes.append(scalar.properties.uppercaseMapping) }
        return Text(utf8: bytes)
    }

    var lowercased: Text {
        if isASCII { return Text(utf8: utf8.map { $0.asciiLowercased }, isASCII: true) }
        let scalars = scalars
        var bytes: [UInt8] = []
        for index in scalars.indices { bytes.append(scalars.lowercaseMapping(at: index)) }
        return Text(utf8: bytes)
    }

    /// `str.capitalize`: the first scalar in title case, the others in lower case.
    var capitalized: Text {
        let scalars = scalars
        var bytes: [UInt8] = []
        for index in scalars.indices {
            bytes.append(index == 0 ? scalars[0].properties.titlecaseMapping : scalars.lowercaseMapping(at: index))
        }
        return Text(utf8: bytes)
    }

    /// `str.title`: each run of cased scalars starts in title case and continues in lower case.
    var titlecased: Text {
        let scalars = scalars
        var bytes: [UInt8] = []
        var isInside = false
        for index in scalars.indices {
            let properties = scalars[index].properties
            bytes.append(isInside ? scalars.lowercaseMapping(at: index) : properties.titlecaseMapping)
            isInside = properties.isCased
        }
        return Text(utf8: bytes)
    }

    /// `str.swapcase`.
    var caseSwapped: Text {
        let scalars = scalars
        var bytes: [UInt8] = []
        for (index, scalar) in scalars.enumerated() {
            if scalar.properties.isUppercase {
                bytes.append(scalars.lowercaseMapping(at: index))
            } else if scalar.properties.isLowercase {
                bytes.append(scalar.properties.uppercaseMapping)
            } else {
                bytes.append(scalar)
            }
        }
        return Text(utf8: bytes)
    }
}

extension [Unicode.Scalar] {
    fileprivate func lowercaseMapping(at index: Int) -> String {
        guard self[index] == "Σ" else { return self[index].properties.lowercaseMapping }
        let before = self[..<index].last { !$0.properties.isCaseIgnorable }
        let after = self[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        let isFinal = before?.properties.isCased == true && after?.properties.isCased != true
        return isFinal ? "ς" : "σ"
    }
}

extension UInt8 {
    fileprivate var asciiUppercased: UInt8 { (0x61...0x7A).contains(self) ? self - 0x20 : self }
    fileprivate var asciiLowercased: UInt8 { (0x41...0x5A).contains(self) ? self + 0x20 : self }
}
