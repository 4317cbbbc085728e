#include "crdt/elements.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "base/limits.h"

namespace distkv::crdt {

using base::Bytes;
using base::ByteView;
using base::Errc;
using base::fail;
using base::Result;

Result<void> check_count(std::size_t elements) {
    if (elements > base::limits::kCommandElementsMax) {
        return fail(Errc::kInvalid, std::to_string(elements) +
                                        " elements in one command, at most " +
                                        std::to_string(base::limits::kCommandElementsMax));
    }
    return {};
}

Result<void> check_element(ByteView element) {
    if (element.size() > base::limits::kElementBytesMax) {
        return fail(Errc::kInvalid, "an element of " + std::to_string(element.size()) +
                                        " bytes, at most " +
                                        std::to_string(base::limits::kElementBytesMax));
    }
    return {};
}

Result<void> check_value(ByteView value) {
    if (value.size() > base::limits::kValueBytesMax) {
        return fail(Errc::kInvalid, "a value of " + std::to_string(value.size()) +
                                        " bytes, at most " +
                                        std::to_string(base::limits::kValueBytesMax));
    }
    return {};
}

Result<void> check_elements(std::span<const Bytes> elements) {
    TRY(check_count(elements.size()));
    std::size_t bytes = 0;
    for (const Bytes& element : elements) {
        TRY(check_element(element));
        bytes += element.size();
    }
    if (bytes > base::limits::kValueBytesMax) {
        return fail(Errc::kInvalid, "elements of " + std::to_string(bytes) +
                                        " bytes in one command, at most " +
                                        std::to_string(base::limits::kValueBytesMax));
    }
    return {};
}

std::vector<ByteView> each_once(std::span<const Bytes> elements) {
    std::vector<ByteView> once(elements.begin(), elements.end());
    std::ranges::sort(once);
    const auto repeated = std::ranges::unique(once);
    once.erase(repeated.begin(), repeated.end());
    return once;
}

std::vector<Bytes> visible_elements(const KeyState& state, Tag tag) {
    CHECK(state.whole);
    const Header header = header_of(state);
    std::vector<Bytes> elements;
    const auto note = [&](KeyState::Group group) {
        if (shows(group, header)) {
            elements.push_back(group.front().field.element);
        }
    };
    state.for_each_group(tag, note);
    if (const auto amounts = amount_tag(tag)) {
        state.for_each_group(*amounts, note);
        std::ranges::sort(elements);
        const auto repeated = std::ranges::unique(elements);
        elements.erase(repeated.begin(), repeated.end());
    }
    return elements;
}

}  // namespace distkv::crdt
