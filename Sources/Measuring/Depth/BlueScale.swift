/// The depth map's colours: light for few layers, dark for many.
package struct BlueScale: Sendable {
    package struct Colour: Sendable, Equatable {
        package let red: Int
        package let green: Int
        package let blue: Int

        /// `#rrggbb`
        package var hexadecimal: String {
            "#" + [red, green, blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }

        /// Perceived lightness, from 0 to 1 (weights of ITU-R BT.709).
        var lightness: Double {
            (0.2126 * Double(red) + 0.7152 * Double(green) + 0.0722 * Double(blue)) / 255
        }
    }

    /// Colours from light to dark, evenly spaced.
    private static let stops = [
        Colour(red: 226, green: 238, blue: 250), Colour(red: 158, green: 202, blue: 235),
        Colour(red: 74, green: 144, blue: 208), Colour(red: 22, green: 86, blue: 165),
        Colour(red: 8, green: 40, blue: 98),
    ]

    /// The scale in a terminal's 256 colours.
    private static let codes = [195, 153, 117, 75, 33, 26, 25, 18, 17]

    /// - Parameter shade: from 0, light, to 1, dark.
    package static func colour(_ shade: Double) -> Colour {
        let scaled = min(max(shade, 0), 1) * Double(stops.count - 1)
        let below = min(Int(scaled), stops.count - 2)
        let share = scaled - Double(below)
        func mixed(_ part: (Colour) -> Int) -> Int {
            Int((Double(part(stops[below])) * (1 - share) + Double(part(stops[below + 1])) * share).rounded())
        }
        return Colour(red: mixed(\.red), green: mixed(\.green), blue: mixed(\.blue))
    }

    /// The nearest of a terminal's 256 colours.
    package static func code(_ shade: Double) -> Int {
        codes[Int((min(max(shade, 0), 1) * Double(codes.count - 1)).rounded())]
    }

    /// Whether text on this colour should be dark.
    package static func takesDarkText(_ shade: Double) -> Bool { colour(shade).lightness > 0.5 }
}
