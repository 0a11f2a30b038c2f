"""How a program in a pod listens and dials. Standard library only; the shop and the lab's images use it.

A pod of the lab listens on sockets in a private directory (`LISTEN_DIR`) and dials through the gateway that
`http_proxy` names: `CONNECT host:port`, with `X-Lab-Protocol: udp`, `sctp` or `icmp` for another protocol than TCP.
Datagrams travel there as frames: two bytes of length, then the data. Where these variables aren't set, as in a
container of a real cluster, the machine's own network is used.

    places      where a port of this pod is
    listening   sockets that take a port
    dialling    connections, and what may become of them
    datagrams   flows of UDP
    names       lookups in the cluster's DNS (`dns` reads and writes its messages)
    streams     the same for asyncio

Only `streams` imports asyncio: a command such as `wget` starts in half the time without it.
"""
