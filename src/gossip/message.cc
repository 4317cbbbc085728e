#include "gossip/message.h"

#include <string>

#include "base/codec.h"

namespace distkv::gossip {
namespace {

constexpr std::uint8_t kVersion = 1;

void encode_reading(base::Encoder& out, const time::ClockReading& reading) {
    out.signed_varint(reading.mono.time_since_epoch().count());
    out.signed_varint(reading.wall.time_since_epoch().count());
    out.varint(static_cast<std::uint64_t>(reading.apart.count()));
}

base::Result<time::ClockReading> decode_reading(base::Decoder& in) {
    const std::int64_t mono = TRY(in.signed_varint());
    const std::int64_t wall = TRY(in.signed_varint());
    // Beyond 63 bits it turns negative, and OffsetBounds refuses it.
    const auto apart = static_cast<std::int64_t>(TRY(in.varint()));
    return time::ClockReading{time::MonoTime(time::Duration(mono)),
                              time::WallTime(time::Duration(wall)), time::Duration(apart)};
}

}  // namespace

base::Bytes encode(const Message& message) {
    base::Encoder out;
    out.fixed(kVersion);
    out.fixed(static_cast<std::uint8_t>(message.kind));
    message.stamp.encode(out);
    out.varint(message.incarnation);
    out.varint(message.number);
    encode_reading(out, message.sent);
    if (message.is_answer()) {
        out.signed_varint(message.ping_mono.time_since_epoch().count());
        out.varint(message.ping_incarnation);
        out.varint(message.ping_number);
        encode_reading(out, message.ping_arrived);
    }
    return std::move(out).take();
}

base::Result<Message> decode_message(base::ByteView bytes) {
    base::Decoder in(bytes);
    static_cast<void>(TRY(in.version(kVersion)));  // There is only one so far.
    const std::uint8_t kind = TRY(in.fixed<std::uint8_t>());
    if (kind < 1 || kind > 3) {
        return base::fail(base::Errc::kCorrupt, "message kind " + std::to_string(kind) +
                                                    "; expected 1 (ping), 2 (pong) or 3 (refusal)");
    }
    Message message;
    message.kind = static_cast<MessageKind>(kind);
    message.stamp = TRY(time::Hlc::decode(in));
    message.incarnation = TRY(in.varint());
    message.number = TRY(in.varint());
    message.sent = TRY(decode_reading(in));
    if (message.is_answer()) {
        message.ping_mono = time::MonoTime(time::Duration(TRY(in.signed_varint())));
        message.ping_incarnation = TRY(in.varint());
        message.ping_number = TRY(in.varint());
        message.ping_arrived = TRY(decode_reading(in));
    }
    TRY(in.finish());
    return message;
}

}  // namespace distkv::gossip
