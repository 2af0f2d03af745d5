package io.ostiary.contract.config;

import io.ostiary.model.Cidr;
import io.ostiary.model.OutboundSettings;
import io.ostiary.model.setting.About;
import io.ostiary.model.setting.OrOne;
import java.util.List;

@About("Whom policies may call: key sets, token services, webhooks")
record WrittenOutbound(
    @About("Blocks that may be called although they are loopback, link-local or a metadata service")
        @OrOne
        List<Cidr> allow,
    @About("More blocks that may not be called") @OrOne List<Cidr> deny) {
  OutboundSettings meaning() {
    return new OutboundSettings(allow, deny);
  }
}
