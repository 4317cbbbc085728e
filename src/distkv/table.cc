#include "distkv/table.h"

#include <algorithm>
#include <ostream>

#include "base/check.h"

namespace distkv::distkv {
namespace {

constexpr std::string_view kGap = "  ";
constexpr char32_t kNotText = 0xfffd;

// Takes one code point off the front; a broken byte counts as one.
char32_t next_code_point(std::string_view& text) {
    const auto first = static_cast<unsigned char>(text[0]);
    const std::size_t size = first < 0x80           ? 1
                             : (first >> 5) == 0x06 ? 2
                             : (first >> 4) == 0x0e ? 3
                             : (first >> 3) == 0x1e ? 4
                                                    : 0;
    if (size == 0 || size > text.size()) {
        text.remove_prefix(1);
        return kNotText;
    }
    char32_t code = size == 1 ? first : first & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        const auto next = static_cast<unsigned char>(text[i]);
        if ((next & 0xc0U) != 0x80U) {
            text.remove_prefix(1);
            return kNotText;
        }
        code = (code << 6) | (next & 0x3fU);
    }
    text.remove_prefix(size);
    return code;
}

bool is_control(char32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

// Blocks that hold nothing else: enough for names of places, without a table of all letters.
std::size_t width_of(char32_t code) {
    const bool combines = (code >= 0x300 && code < 0x370) || (code >= 0x200b && code < 0x2010) ||
                          (code >= 0xfe00 && code < 0xfe10);
    const bool wide = (code >= 0x1100 && code < 0x1160) || (code >= 0x2e80 && code < 0xa4d0) ||
                      (code >= 0xac00 && code < 0xd7a4) || (code >= 0xf900 && code < 0xfb00) ||
                      (code >= 0xff00 && code < 0xff61) || (code >= 0x1f300 && code < 0x1fb00) ||
                      (code >= 0x20000 && code < 0x40000);
    return combines || is_control(code) ? 0 : wide ? 2 : 1;
}

std::string padding(std::size_t wanted, std::size_t have) {
    return std::string(wanted > have ? wanted - have : 0, ' ');
}

std::string padded(std::string_view plain, std::string_view shown, std::size_t width, Align align) {
    const std::string pad = padding(width, display_width(plain));
    return align == Align::kRight ? pad + std::string(shown) : std::string(shown) + pad;
}

void print_line(std::ostream& out, std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
}

}  // namespace

std::size_t display_width(std::string_view utf8) {
    std::size_t width = 0;
    while (!utf8.empty()) {
        width += width_of(next_code_point(utf8));
    }
    return width;
}

std::string printable(std::string_view text) {
    std::string clean;
    while (!text.empty()) {
        const std::string_view before = text;
        const char32_t code = next_code_point(text);
        if (is_control(code) || code == kNotText) {
            clean += '?';
        } else {
            clean += before.substr(0, before.size() - text.size());
        }
    }
    return clean;
}

void Table::row(std::vector<Cell> cells) {
    CHECK(cells.size() == columns_.size());
    rows_.push_back(std::move(cells));
}

void Table::print(std::ostream& out, bool colours) const {
    std::vector<std::size_t> widths;
    std::size_t total = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t width = display_width(columns_[i].title);
        for (const std::vector<Cell>& cells : rows_) {
            width = std::max(width, display_width(cells[i].text));
        }
        widths.push_back(width);
        total += width + (i == 0 ? 0 : kGap.size());
    }
    const auto line_of = [&](const std::vector<Cell>& cells) {
        std::string line;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string shown = painted(cells[i].text, cells[i].tone, colours);
            line += i == 0 ? "" : kGap;
            line += padded(cells[i].text, shown, widths[i], columns_[i].align);
        }
        return line;
    };
    std::vector<Cell> titles;
    for (const Column& column : columns_) {
        titles.emplace_back(column.title, Tone::kBold);
    }
    print_line(out, line_of(titles));
    out << painted(std::string(total, '-'), Tone::kFaint, colours) << '\n';
    for (const std::vector<Cell>& cells : rows_) {
        print_line(out, line_of(cells));
    }
}

}  // namespace distkv::distkv
