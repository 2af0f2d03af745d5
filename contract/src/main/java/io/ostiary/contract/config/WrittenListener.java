package io.ostiary.contract.config;

import io.ostiary.model.Listener.ProxyProtocol;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.Alone;
import io.ostiary.model.setting.Default;
import io.ostiary.model.setting.OrOne;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

@About("An address on which calls come in")
record WrittenListener(
    @Alone
        @About(
            "IP address and port; 0.0.0.0 and [::] stand for every interface, such as"
                + " \"0.0.0.0:8080\"; or a Unix socket: unix:/run/ostiary.sock")
        TargetAddress address,
    @About(
            "Whether a header of the PROXY protocol names the client: off, trusted (trusted"
                + " proxies send it, others speak for themselves) or required (nobody else is"
                + " let in)")
        @Default("off")
        ProxyProtocol proxyProtocol,
    @About("How connections are encrypted; without it they are not") @Nullable Tls tls,
    @About("Rights of a Unix socket: whoever may write may connect; without it \"0660\"")
        @Nullable FileMode mode,
    @About("User whom a Unix socket belongs to; without it who runs the gateway")
        @Nullable String owner,
    @About("Group whom a Unix socket belongs to; without it that of who runs the gateway")
        @Nullable String group) {
  @About("How the connections of a listener are encrypted")
  record Tls(
      @About(
              "Certificates and their keys, chosen by the name a client asks for; the first also"
                  + " for all other names")
          @OrOne
          List<Certificate> certificates,
      @About("Oldest version of TLS that is spoken: tls-1-2 or tls-1-3") @Default("tls-1-2")
          io.ostiary.model.Tls.Version minimum,
      @About("Whether clients prove who they are by certificates: off, optional or required")
          @Default("off")
          io.ostiary.model.Tls.Clients clientCertificates,
      @About("PEM file of the authorities that sign clients' certificates")
          @Nullable Path clientAuthorities,
      @About(
              "PEM or DER file of those authorities' lists of revoked certificates (CRL), one for each"
                  + " authority")
          @Nullable Path clientRevocations,
      @About("Whether certificates are sent with their authority's word that they stand (OCSP)")
          @Default("true")
          boolean stapling) {}

  @About("A certificate and its key")
  record Certificate(
      @About("PEM file of the certificate, followed by those who signed it") Path chain,
      @About("PEM file of its private key, PKCS#8 without a password") Path key,
      @About("File with the authority's answer (DER); without it the authority is asked")
          @Nullable Path ocsp) {}
}
