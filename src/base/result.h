// The one way an operation fails because of the world: a peer gone, a disk full, a bad request.
// (Our own mistakes stop the process, see check.h.)
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace distkv::base {

// A code exists only when some caller does something different because of it.
// Everything else is detail text.
enum class Errc : std::uint8_t {
    kInvalid,   // The request is wrong; repeating it will not help.
    kNotFound,  // There is no such thing.
    kRedirect,  // Another replica owns this; the detail names it.
    kRetry,     // Nothing happened; safe to repeat, later.
    kUnknown,   // It may or may not have happened; repeat only if idempotent.
    kCorrupt,   // Bytes on disk or wire fail their checksum.
    kFull,      // No room; reads go on, writes have to wait for space.
};

std::string_view name_of(Errc code);

struct Error {
    Errc code;
    std::string detail;

    bool operator==(const Error&) const = default;
};

// "invalid: slot 16384 is above 16383"
std::string to_string(const Error& error);

// std::expected is not [[nodiscard]], and an alias cannot add it; a subclass can.
template <class T>
struct [[nodiscard]] Result : std::expected<T, Error> {
    using std::expected<T, Error>::expected;
};

inline std::unexpected<Error> fail(Errc code, std::string detail) {
    return std::unexpected(Error{code, std::move(detail)});
}

}  // namespace distkv::base

#define DISTKV_JOIN_INNER(a, b) a##b
#define DISTKV_JOIN(a, b) DISTKV_JOIN_INNER(a, b)

#define DISTKV_TRY(leave, unwrapped, expr)                       \
    __extension__({                                              \
        auto&& unwrapped = (expr);                               \
        if (!unwrapped) {                                        \
            leave std::unexpected(std::move(unwrapped).error()); \
        }                                                        \
        *std::move(unwrapped);                                   \
    })

// Unwraps a Result, or hands its error to our caller: TRY in a function, CO_TRY in a coroutine.
// The counter keeps the name of a nested TRY from shadowing the outer one.
#define TRY(expr) DISTKV_TRY(return, DISTKV_JOIN(try_result_, __COUNTER__), expr)
#define CO_TRY(expr) DISTKV_TRY(co_return, DISTKV_JOIN(try_result_, __COUNTER__), expr)
