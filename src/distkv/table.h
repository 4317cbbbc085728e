// A plain table of text: columns as wide as their widest cell, two blanks between them, a rule
// under the titles. Widths are counted in places on the screen, not in bytes.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "distkv/output.h"

namespace distkv::distkv {

// Places on a terminal: none for what combines, two for wide letters of East Asia.
std::size_t display_width(std::string_view utf8);

// The same text without control bytes, which a stranger's name must not carry into a terminal.
std::string printable(std::string_view text);

enum class Align : std::uint8_t { kLeft, kRight };

struct Column {
    std::string title;
    Align align = Align::kLeft;
};

struct Cell {
    std::string text;
    Tone tone = Tone::kPlain;

    Cell(std::string words, Tone how = Tone::kPlain)  // NOLINT(google-explicit-constructor)
        : text(std::move(words)), tone(how) {}
    Cell(const char* words) : text(words) {}  // NOLINT(google-explicit-constructor)
};

class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // As many cells as there are columns.
    void row(std::vector<Cell> cells);
    [[nodiscard]] bool empty() const { return rows_.empty(); }

    void print(std::ostream& out, bool colours) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace distkv::distkv
