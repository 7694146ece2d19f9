import Foundation

/// `datetime.strftime`, in English and the local time zone.
struct TimeFormat {
    private let parts: DateComponents
    private let date: Date
    private static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    init(_ date: Date) {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .current
        self.date = date
        parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute, .second, .nanosecond, .weekday, .dayOfYear], from: date)
    }

    /// Replaces each `%` code. Codes unknown to Python's C library stay as they are.
    func text(_ format: Text) -> Text {
        var result: [UInt8] = []
        let scalars = format.scalars
        var index = 0
        while index < scalars.count {
            guard scalars[index] == "%", index + 1 < scalars.count else {
                result.append(scalars[index])
                index += 1
                continue
            }
            let isFlagged = scalars[index + 1] == "-" && index + 2 < scalars.count
            let code = scalars[index + (isFlagged ? 2 : 1)]
            let length = isFlagged ? 3 : 2
            if let field = field(code, padding: isFlagged ? 0 : nil) {
                result.append(field)
            } else {
                for scalar in scalars[index..<index + length] { result.append(scalar) }
            }
            index += length
        }
        return Text(utf8: result)
    }

    /// - Parameter padding: overrides the code's own width; nil keeps it.
    private func field(_ code: Unicode.Scalar, padding: Int?) -> String? {
        let hour = parts.hour ?? 0
        let (weekday, month) = ((parts.weekday ?? 1) - 1, (parts.month ?? 1) - 1)
        let (year, dayOfYear) = (parts.year ?? 1, parts.dayOfYear ?? 1)
        func number(_ value: Int?, _ width: Int, _ fill: Character = "0") -> String {
            let digits = String(value ?? 0)
            return String(repeating: fill, count: max(0, (padding ?? width) - digits.count)) + digits
        }
        func all(_ format: Text) -> String { text(format).string }
        switch code {
        case "a": return String(Self.days[weekday].prefix(3))
        case "A": return Self.days[weekday]
        case "b", "h": return String(Self.months[month].prefix(3))
        case "B": return Self.months[month]
        case "d": return number(parts.day, 2)
        case "e": return number(parts.day, 2, " ")
        case "m": return number(month + 1, 2)
        case "y": return number(year % 100, 2)
        case "Y": return String(year)
        case "C": return number(year / 100, 2)
        case "H": return number(hour, 2)
        case "k": return number(hour, 2, " ")
        case "I": return number((hour + 11) % 12 + 1, 2)
        case "l": return number((hour + 11) % 12 + 1, 2, " ")
        case "M": return number(parts.minute, 2)
        case "S": return number(parts.second, 2)
        case "f": return number((parts.nanosecond ?? 0) / 1000, 6)
        case "j": return number(dayOfYear, 3)
        case "w": return String(weekday)
        case "u": return String(weekday == 0 ? 7 : weekday)
        case "U": return number((dayOfYear + 6 - weekday) / 7, 2)
        case "W": return number((dayOfYear + 6 - (weekday + 6) % 7) / 7, 2)
        case "p": return hour < 12 ? "AM" : "PM"
        case "P": return hour < 12 ? "am" : "pm"
        case "D", "x": return all("%m/%d/%y")
        case "F": return all("%Y-%m-%d")
        case "T", "X": return all("%H:%M:%S")
        case "R": return all("%H:%M")
        case "r": return all("%I:%M:%S %p")
        case "c": return all("%a %b %e %H:%M:%S %Y")
        case "s": return String(Int(date.timeIntervalSince1970.rounded(.down)))
        case "n": return "\n"
        case "t": return "\t"
        // `datetime.now()` has no time zone.
        case "z", "Z": return ""
        case "%": return "%"
        default: return nil
        }
    }
}
