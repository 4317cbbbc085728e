#include "gossip/message.h"

#include <string>

#include "base/codec.h"

namespace distkv::gossip {
namespace {

constexpr std::uint8_t kVersion = 1;

void encode_reading(base::Encoder& out, const time::PeerReading& reading) {
    out.signed_varint(reading.wall.time_since_epoch().count());
    out.varint(reading.epoch.number);
}

base::Result<time::PeerReading> decode_reading(base::Decoder& in) {
    const std::int64_t wall = TRY(in.signed_varint());
    const std::uint64_t epoch = TRY(in.varint());
    return time::PeerReading{time::WallTime(time::Duration(wall)), {epoch}};
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
    out.signed_varint(message.ping_mono.time_since_epoch().count());
    if (message.is_answer()) {
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
    message.ping_mono = time::MonoTime(time::Duration(TRY(in.signed_varint())));
    if (message.is_answer()) {
        message.ping_incarnation = TRY(in.varint());
        message.ping_number = TRY(in.varint());
        message.ping_arrived = TRY(decode_reading(in));
    }
    TRY(in.finish());
    return message;
}

}  // namespace distkv::gossip
