"""Those who work without being asked, for as long as a block runs: alone, or beside the doors in one process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from adapter.app import address_register, message_service, transport
from adapter.cli.opening import Opened
from adapter.daily import Daily
from adapter.flows.mailbox import Post
from adapter.flows.register import Looking
from adapter.mailman import Mailman
from adapter.ports import PostRound
from adapter.registrar import Registrar
from adapter.service_ports import MessageService, RegisterService
from adapter.timekeeper import Timekeeper
from adapter.worker import Worker


@asynccontextmanager
async def working(now: Opened, ended: Callable[[], None]) -> AsyncIterator[None]:
    """Carries mail until the block ends, fetches what a message service has for us, keeps the clocks of cases, asks
    the address register, and tells what a new day has ended; then finishes what is on its way. Under maintenance
    nothing is carried: a withdrawal of consent that cannot come in now must not be overtaken by what it withdraws
    (pbrl § 4-1).

    `ended` is called if the worker ends by itself, which only a fault can make it do; the fault is raised here.
    """
    if now.settings.maintenance:
        yield
        return
    service, asked = message_service(now.settings), address_register(now.settings)
    way_out = transport(now.settings, now.parts, service=service.service if service else None)
    round_ = now.store.round()
    workers: list[Worker | Mailman | Daily | Timekeeper | Registrar] = [
        Worker(now.parts, way_out, round_, now.settings.look_every),
        Daily(now.parts),
        Timekeeper(now.parts, round_),
    ]
    if service:
        workers.append(_mailman(now, service.service, round_))
    if asked:
        workers.append(_registrar(now, asked.service, round_))
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    for task in tasks:
        task.add_done_callback(lambda _: ended())
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        try:
            await asyncio.wait(tasks)
            for task in tasks:
                task.result()  # raises what ended it
        finally:
            await way_out.aclose()
            if service:
                await service.aclose()
            if asked:
                await asked.aclose()
            round_.close()


def _mailman(now: Opened, service: MessageService, round_: PostRound) -> Mailman:
    post = Post("edi20", service, now.store.mailbox(), now.parts)
    return Mailman(post, round_, now.settings.edi20_look_every, now.settings.edi20_look_back_every)


def _registrar(now: Opened, service: RegisterService, round_: PostRound) -> Registrar:
    looking = Looking(service, now.store.register(), now.parts)
    return Registrar(looking, round_, now.settings.register_look_every)
