// A reader of RE2 syntax that keeps no tree: only what a later operator can be wrong about.
//
// Order and wording of the faults are those of the reference's library; the recursion of groups is
// a stack of at most 1,000, as there.
#include "schema/regexp.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "schema/source.hpp"

namespace vvm::schema {
namespace {

constexpr int repeat_max = 1000;
constexpr std::size_t depth_max = 1000;

// General categories and scripts of Unicode, sorted.
constexpr std::array<std::string_view, 200> unicode_names{"Adlam",
                                                          "Ahom",
                                                          "Anatolian_Hieroglyphs",
                                                          "Any",
                                                          "Arabic",
                                                          "Armenian",
                                                          "Avestan",
                                                          "Balinese",
                                                          "Bamum",
                                                          "Bassa_Vah",
                                                          "Batak",
                                                          "Bengali",
                                                          "Bhaiksuki",
                                                          "Bopomofo",
                                                          "Brahmi",
                                                          "Braille",
                                                          "Buginese",
                                                          "Buhid",
                                                          "C",
                                                          "Canadian_Aboriginal",
                                                          "Carian",
                                                          "Caucasian_Albanian",
                                                          "Cc",
                                                          "Cf",
                                                          "Chakma",
                                                          "Cham",
                                                          "Cherokee",
                                                          "Chorasmian",
                                                          "Co",
                                                          "Common",
                                                          "Coptic",
                                                          "Cs",
                                                          "Cuneiform",
                                                          "Cypriot",
                                                          "Cypro_Minoan",
                                                          "Cyrillic",
                                                          "Deseret",
                                                          "Devanagari",
                                                          "Dives_Akuru",
                                                          "Dogra",
                                                          "Duployan",
                                                          "Egyptian_Hieroglyphs",
                                                          "Elbasan",
                                                          "Elymaic",
                                                          "Ethiopic",
                                                          "Georgian",
                                                          "Glagolitic",
                                                          "Gothic",
                                                          "Grantha",
                                                          "Greek",
                                                          "Gujarati",
                                                          "Gunjala_Gondi",
                                                          "Gurmukhi",
                                                          "Han",
                                                          "Hangul",
                                                          "Hanifi_Rohingya",
                                                          "Hanunoo",
                                                          "Hatran",
                                                          "Hebrew",
                                                          "Hiragana",
                                                          "Imperial_Aramaic",
                                                          "Inherited",
                                                          "Inscriptional_Pahlavi",
                                                          "Inscriptional_Parthian",
                                                          "Javanese",
                                                          "Kaithi",
                                                          "Kannada",
                                                          "Katakana",
                                                          "Kawi",
                                                          "Kayah_Li",
                                                          "Kharoshthi",
                                                          "Khitan_Small_Script",
                                                          "Khmer",
                                                          "Khojki",
                                                          "Khudawadi",
                                                          "L",
                                                          "Lao",
                                                          "Latin",
                                                          "Lepcha",
                                                          "Limbu",
                                                          "Linear_A",
                                                          "Linear_B",
                                                          "Lisu",
                                                          "Ll",
                                                          "Lm",
                                                          "Lo",
                                                          "Lt",
                                                          "Lu",
                                                          "Lycian",
                                                          "Lydian",
                                                          "M",
                                                          "Mahajani",
                                                          "Makasar",
                                                          "Malayalam",
                                                          "Mandaic",
                                                          "Manichaean",
                                                          "Marchen",
                                                          "Masaram_Gondi",
                                                          "Mc",
                                                          "Me",
                                                          "Medefaidrin",
                                                          "Meetei_Mayek",
                                                          "Mende_Kikakui",
                                                          "Meroitic_Cursive",
                                                          "Meroitic_Hieroglyphs",
                                                          "Miao",
                                                          "Mn",
                                                          "Modi",
                                                          "Mongolian",
                                                          "Mro",
                                                          "Multani",
                                                          "Myanmar",
                                                          "N",
                                                          "Nabataean",
                                                          "Nag_Mundari",
                                                          "Nandinagari",
                                                          "Nd",
                                                          "New_Tai_Lue",
                                                          "Newa",
                                                          "Nko",
                                                          "Nl",
                                                          "No",
                                                          "Nushu",
                                                          "Nyiakeng_Puachue_Hmong",
                                                          "Ogham",
                                                          "Ol_Chiki",
                                                          "Old_Hungarian",
                                                          "Old_Italic",
                                                          "Old_North_Arabian",
                                                          "Old_Permic",
                                                          "Old_Persian",
                                                          "Old_Sogdian",
                                                          "Old_South_Arabian",
                                                          "Old_Turkic",
                                                          "Old_Uyghur",
                                                          "Oriya",
                                                          "Osage",
                                                          "Osmanya",
                                                          "P",
                                                          "Pahawh_Hmong",
                                                          "Palmyrene",
                                                          "Pau_Cin_Hau",
                                                          "Pc",
                                                          "Pd",
                                                          "Pe",
                                                          "Pf",
                                                          "Phags_Pa",
                                                          "Phoenician",
                                                          "Pi",
                                                          "Po",
                                                          "Ps",
                                                          "Psalter_Pahlavi",
                                                          "Rejang",
                                                          "Runic",
                                                          "S",
                                                          "Samaritan",
                                                          "Saurashtra",
                                                          "Sc",
                                                          "Sharada",
                                                          "Shavian",
                                                          "Siddham",
                                                          "SignWriting",
                                                          "Sinhala",
                                                          "Sk",
                                                          "Sm",
                                                          "So",
                                                          "Sogdian",
                                                          "Sora_Sompeng",
                                                          "Soyombo",
                                                          "Sundanese",
                                                          "Syloti_Nagri",
                                                          "Syriac",
                                                          "Tagalog",
                                                          "Tagbanwa",
                                                          "Tai_Le",
                                                          "Tai_Tham",
                                                          "Tai_Viet",
                                                          "Takri",
                                                          "Tamil",
                                                          "Tangsa",
                                                          "Tangut",
                                                          "Telugu",
                                                          "Thaana",
                                                          "Thai",
                                                          "Tibetan",
                                                          "Tifinagh",
                                                          "Tirhuta",
                                                          "Toto",
                                                          "Ugaritic",
                                                          "Vai",
                                                          "Vithkuqi",
                                                          "Wancho",
                                                          "Warang_Citi",
                                                          "Yezidi",
                                                          "Yi",
                                                          "Z",
                                                          "Zanabazar_Square",
                                                          "Zl",
                                                          "Zp",
                                                          "Zs"};

constexpr std::array<std::string_view, 14> posix_names{"alnum",
                                                       "alpha",
                                                       "ascii",
                                                       "blank",
                                                       "cntrl",
                                                       "digit",
                                                       "graph",
                                                       "lower",
                                                       "print",
                                                       "punct",
                                                       "space",
                                                       "upper",
                                                       "word",
                                                       "xdigit"};

bool is_alnum(char32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// What stands in one group or alternative so far.
struct Group {
  bool has_operand = false;  // something that a repetition could apply to
  std::uint32_t last = 1;    // how often the last operand repeats, at most
  std::uint32_t most = 1;    // the same for the whole group
};

class Reader {
 public:
  explicit Reader(std::string_view pattern) : whole_(pattern), t_(pattern) {}

  std::string run() {
    if (!is_utf8()) {
      return error_;
    }
    groups_.emplace_back();
    while (!t_.empty() && error_.empty()) {
      step();
    }
    if (error_.empty() && groups_.size() != 1) {
      fail("missing closing )", whole_);
    }
    return error_;
  }

 private:
  void fail(std::string_view code, std::string_view part) {
    if (error_.empty()) {
      error_ = std::string{code} + ": `" + std::string{part} + "`";
    }
  }

  // From `from` to where reading is.
  std::string_view since(std::string_view from) const {
    return from.substr(0, from.size() - t_.size());
  }

  bool is_utf8() {
    std::string_view rest = whole_;
    while (!rest.empty()) {
      char32_t c = 0;
      const std::size_t length = decode_utf8(rest, &c);
      if (length == 1 && c == 0xFFFD) {
        fail("invalid UTF-8", whole_);
        return false;
      }
      rest.remove_prefix(length);
    }
    return true;
  }

  char32_t take() {
    char32_t c = 0;
    t_.remove_prefix(decode_utf8(t_, &c));
    return c;
  }

  void operand() {
    Group& group = groups_.back();
    group.most = std::max(group.most, group.last);
    group.has_operand = true;
    group.last = 1;
  }

  void step() {
    const std::string_view before = t_;
    std::string_view repeat;
    switch (t_[0]) {
      case '(':
        open();
        break;
      case ')':
        close();
        break;
      case '|':
        t_.remove_prefix(1);
        groups_.back().most = std::max(groups_.back().most, groups_.back().last);
        groups_.back().has_operand = false;
        groups_.back().last = 1;
        break;
      case '[':
        char_class();
        operand();
        break;
      case '*':
      case '+':
      case '?':
        t_.remove_prefix(1);
        repetition(before, 1);
        repeat = before;
        break;
      case '{':
        if (counted(before)) {
          repeat = before;
        } else {
          t_.remove_prefix(1);
          operand();
        }
        break;
      case '\\':
        backslash();
        break;
      default:
        take();
        operand();
        break;
    }
    last_repeat_ = repeat;
  }

  void repetition(std::string_view before, std::uint32_t times) {
    if (t_.starts_with('?')) {
      t_.remove_prefix(1);
    }
    if (!last_repeat_.empty()) {
      return fail("invalid nested repetition operator", since(last_repeat_));
    }
    Group& group = groups_.back();
    if (!group.has_operand) {
      return fail("missing argument to repetition operator", since(before));
    }
    group.last *= std::max<std::uint32_t>(times, 1);
    if (times > 1 && group.last > repeat_max) {
      fail("invalid repeat count", since(before));
    }
  }

  // Digits without a needless zero in front; -1: too many; false: none.
  bool digits(int* out) {
    std::size_t count = 0;
    while (count < t_.size() && t_[count] >= '0' && t_[count] <= '9') {
      ++count;
    }
    if (count == 0 || (count > 1 && t_[0] == '0')) {
      return false;
    }
    int value = 0;
    for (std::size_t i = 0; i < count && value >= 0; ++i) {
      value = value >= 10'000'000 ? -1 : value * 10 + (t_[i] - '0');
    }
    t_.remove_prefix(count);
    *out = value;
    return true;
  }

  // {n}, {n,}, {n,m}; anything else is an ordinary `{`.
  bool counted(std::string_view before) {
    int low = 0;
    int high = 0;
    t_.remove_prefix(1);
    bool good = digits(&low);
    high = low;
    if (good && t_.starts_with(',')) {
      t_.remove_prefix(1);
      high = -2;  // no limit
      if (!t_.starts_with('}')) {
        good = digits(&high);
      }
    }
    if (!good || !t_.starts_with('}')) {
      t_ = before;
      return false;
    }
    t_.remove_prefix(1);
    if (low < 0 || low > repeat_max || high == -1 || high > repeat_max ||
        (high >= 0 && low > high)) {
      fail("invalid repeat count", since(before));
      return true;
    }
    repetition(before, static_cast<std::uint32_t>(high >= 0 ? high : low));
    return true;
  }

  void open() {
    if (t_.size() >= 2 && t_[1] == '?') {
      return perl_group();
    }
    t_.remove_prefix(1);
    push_group();
  }

  void push_group() {
    if (groups_.size() > depth_max) {
      return fail("expression nests too deeply", whole_);
    }
    groups_.emplace_back();
  }

  void close() {
    if (groups_.size() == 1) {
      return fail("unexpected )", whole_);
    }
    t_.remove_prefix(1);
    const std::uint32_t inner = std::max(groups_.back().most, groups_.back().last);
    groups_.pop_back();
    operand();
    groups_.back().last = inner;
  }

  // (?P<name>...), (?<name>...), (?flags), (?flags:...)
  void perl_group() {
    const std::string_view start = t_;
    const std::size_t name_at = t_.starts_with("(?P<") ? 4 : t_.starts_with("(?<") ? 3 : 0;
    if (name_at != 0) {
      const std::size_t end = t_.find('>');
      if (end == std::string_view::npos) {
        return fail("invalid named capture", start);
      }
      const std::string_view name = t_.substr(name_at, end - name_at);
      const bool good = !name.empty() && std::ranges::all_of(name, [](char c) {
        return c == '_' || is_alnum(static_cast<unsigned char>(c));
      });
      if (!good) {
        return fail("invalid named capture", t_.substr(0, end + 1));
      }
      t_.remove_prefix(end + 1);
      return push_group();
    }
    t_.remove_prefix(2);
    bool negative = false;
    bool saw_flag = false;
    while (!t_.empty()) {
      const char32_t c = take();
      if (c == 'i' || c == 'm' || c == 's' || c == 'U') {
        saw_flag = true;
        continue;
      }
      if (c == '-' && !negative) {
        negative = true;
        saw_flag = false;
        continue;
      }
      if ((c == ':' || c == ')') && (!negative || saw_flag)) {
        return c == ':' ? push_group() : void();
      }
      break;
    }
    fail("invalid or unsupported Perl syntax", since(start));
  }

  void backslash() {
    const std::string_view start = t_;
    if (t_.size() >= 2) {
      switch (t_[1]) {
        case 'A':
        case 'b':
        case 'B':
        case 'z':
          t_.remove_prefix(2);
          return operand();
        case 'C':
          return fail("invalid escape sequence", t_.substr(0, 2));
        case 'Q': {
          const std::size_t end = t_.find("\\E");
          const std::size_t length = std::min(end, t_.size()) - 2;
          t_.remove_prefix(
              std::min(end == std::string_view::npos ? t_.size() : end + 2, t_.size()));
          return length > 0 ? operand() : void();
        }
        default:
          break;
      }
    }
    if (!class_escape()) {
      escape(start);
    }
    operand();
  }

  // \d and the like, \pN, \p{Greek}
  bool class_escape() {
    if (t_.size() < 2 || t_[0] != '\\') {
      return false;
    }
    constexpr std::string_view perl = "dDsSwW";
    if (perl.find(t_[1]) != std::string_view::npos) {
      t_.remove_prefix(2);
      return true;
    }
    if (t_[1] != 'p' && t_[1] != 'P') {
      return false;
    }
    const std::string_view start = t_;
    t_.remove_prefix(2);
    if (t_.empty()) {
      fail("invalid character class range", start);
      return true;
    }
    std::string_view name;
    if (t_[0] != '{') {
      const std::string_view one = t_;
      take();
      name = since(one);
    } else {
      const std::size_t end = t_.find('}');
      if (end == std::string_view::npos) {
        fail("invalid character class range", start);
        return true;
      }
      name = t_.substr(1, end - 1);
      t_.remove_prefix(end + 1);
      if (name.starts_with('^')) {
        name.remove_prefix(1);
      }
    }
    if (!std::ranges::binary_search(unicode_names, name)) {
      fail("invalid character class range", since(start));
    }
    return true;
  }

  // pre: t_ starts with a backslash.
  char32_t escape(std::string_view start) {
    t_.remove_prefix(1);
    if (t_.empty()) {
      fail("trailing backslash at end of expression", "");
      return 0;
    }
    const char32_t c = take();
    if (c < 0x80 && !is_alnum(c)) {
      return c;
    }
    if (c == '0' || (c >= '1' && c <= '7' && !t_.empty() && t_[0] >= '0' && t_[0] <= '7')) {
      char32_t value = c - '0';
      for (int i = 1; i < 3 && !t_.empty() && t_[0] >= '0' && t_[0] <= '7'; ++i) {
        value = value * 8 + static_cast<char32_t>(t_[0] - '0');
        t_.remove_prefix(1);
      }
      return value;
    }
    constexpr std::string_view controls = "afnrtv";
    constexpr std::string_view values = "\a\f\n\r\t\v";
    if (c < 0x80) {
      const std::size_t found = controls.find(static_cast<char>(c));
      if (found != std::string_view::npos) {
        return static_cast<unsigned char>(values[found]);
      }
    }
    if (c == 'x') {
      return hex_escape(start);
    }
    fail("invalid escape sequence", since(start));
    return 0;
  }

  // \x41, \x{1F600}
  char32_t hex_escape(std::string_view start) {
    const bool braces = t_.starts_with('{');
    char32_t value = 0;
    std::size_t count = 0;
    if (braces) {
      t_.remove_prefix(1);
    }
    while (!t_.empty() && hex_digit(t_[0]) >= 0 && value <= 0x10FFFF && (braces || count < 2)) {
      value = value * 16 + static_cast<char32_t>(hex_digit(t_[0]));
      t_.remove_prefix(1);
      ++count;
    }
    bool good = braces ? count > 0 && value <= 0x10FFFF && t_.starts_with('}') : count == 2;
    if (good && braces) {
      t_.remove_prefix(1);
    }
    if (!good) {
      if (!t_.empty()) {
        take();  // what is wrong belongs to what is shown
      }
      fail("invalid escape sequence", since(start));
    }
    return value;
  }

  char32_t class_char(std::string_view whole_class) {
    if (t_.empty()) {
      fail("missing closing ]", whole_class);
      return 0;
    }
    return t_[0] == '\\' ? escape(t_) : take();
  }

  void char_class() {
    const std::string_view start = t_;
    t_.remove_prefix(1);
    if (t_.starts_with('^')) {
      t_.remove_prefix(1);
    }
    bool first = true;
    while (error_.empty() && (t_.empty() || t_[0] != ']' || first)) {
      first = false;
      if (posix_class() || class_escape()) {
        continue;
      }
      const std::string_view range = t_;
      const char32_t low = class_char(start);
      char32_t high = low;
      if (t_.size() >= 2 && t_[0] == '-' && t_[1] != ']') {
        t_.remove_prefix(1);
        high = class_char(start);
      }
      if (high < low) {
        fail("invalid character class range", since(range));
      }
    }
    if (error_.empty()) {
      t_.remove_prefix(1);
    }
  }

  // [:alpha:], [:^alpha:]
  bool posix_class() {
    if (!t_.starts_with("[:") || t_.size() <= 2) {
      return false;
    }
    const std::size_t end = t_.find(":]", 2);
    if (end == std::string_view::npos) {
      return false;
    }
    const std::string_view name = t_.substr(2, end - 2);
    const std::string_view plain = name.starts_with('^') ? name.substr(1) : name;
    if (!std::ranges::binary_search(posix_names, plain)) {
      fail("invalid character class range", t_.substr(0, end + 2));
    }
    t_.remove_prefix(end + 2);
    return true;
  }

  std::string_view whole_;
  std::string_view t_;
  std::string_view last_repeat_;
  std::vector<Group> groups_;
  std::string error_;
};

}  // namespace

std::string regexp_error(std::string_view pattern) { return Reader(pattern).run(); }

}  // namespace vvm::schema
