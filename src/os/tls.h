// TLS 1.3 between peers, both sides with a certificate. The only place that sees OpenSSL.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "os/transport.h"

namespace distkv::os {

struct TlsOptions {
    std::string ca_file;           // PEM; who may sign peers. No other authority is trusted.
    std::string certificate_file;  // PEM; ours, then the chain above it.
    std::string key_file;          // PEM.

    // A peer's certificate must carry the DNS name "node-<id>" of the node that it says it is.
    // Without this, whoever holds any certificate of the CA can speak for any node.
    bool node_names_required = true;
};

class TlsContext {
public:
    // Reads the files at once, so that a wrong one is an error at the start and not at night.
    static base::Result<std::unique_ptr<TlsContext>> load(const TlsOptions& options);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    // Any thread. The context must outlive the transports.
    [[nodiscard]] std::unique_ptr<Transport> calling(Fd socket) const;
    [[nodiscard]] std::unique_ptr<Transport> answering(Fd socket) const;

private:
    struct State;

    explicit TlsContext(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace distkv::os
