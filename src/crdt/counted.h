// A text to which numbers may be added: a string, a field of a map. Where the text is an integer,
// or there is none, what shows is the sum; increments made beside a text that is no integer do not.
#pragma once

#include <cstdint>
#include <optional>

#include "crdt/writer.h"

namespace distkv::crdt {

// As Redis reads it: decimal, no sign but '-', no leading zeros, no blanks.
std::optional<std::int64_t> parse_integer(base::ByteView text);

// What shows of the element under that tag (of what was set); nothing: it does not show.
std::optional<base::Bytes> counted_text(const KeyState& state, Tag tag, base::ByteView element,
                                        const Header& header);

// kInvalid, in the words of Redis, when the text is no integer or the sum that shows would
// overflow.
base::Result<Outcome<std::int64_t>> add_to_counted(const KeyState& state, Tag tag,
                                                   base::ByteView element, std::int64_t by,
                                                   const Writer& writer);

// The text in the place of all that is seen, amounts included.
void set_counted(const KeyState& state, Tag tag, base::ByteView element, const Writer& writer,
                 base::Bytes text, Effects& effects);

// False: nothing shows, nothing is written.
bool remove_counted(const KeyState& state, Tag tag, base::ByteView element, const Writer& writer,
                    Effects& effects);

}  // namespace distkv::crdt
