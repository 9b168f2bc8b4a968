// An aedes broker on 127.0.0.1 at the port given as the argument.
const aedes = require("aedes");
const net = require("net");

net.createServer(aedes().handle).listen(Number(process.argv[2]), "127.0.0.1");
