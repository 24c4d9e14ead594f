// The whole protocol in one process: users, controllers, nodes, and what must hold after every step.
import { FINALIZER } from '../../crds/names.js';
import type { UserKind, UserObject } from '../../crds/types.js';
import type { UserStatus } from '../../operator/rollup/status.js';
import type { Action, ControllerAction, MachineAction, UserAction } from './actions.js';
import { NodeMachine, wantedOf } from './agent.js';
import { Api, KINDS } from './api.js';
import { NODES } from './arbitraries.js';
import { ControllerProcess, GRACE_MS, type Flight } from './controller.js';

const USER_KINDS = ['ScstDevice', 'ScstTarget', 'ScstSession', 'ScstLun'] as const;

/** Something that the protocol promises never to happen. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export class World {
  readonly api = new Api();
  readonly machines = NODES.map(
    (name) => new NodeMachine(name, this.api, (machine, uid) => this.realised(machine, uid)),
  );
  controller: ControllerProcess;
  /** Requests of processes that died; each may still arrive. */
  private orphans: Flight[] = [];
  private now = Date.UTC(2026, 0, 1);
  /** uids of released objects, and the nodes that were allowed to hold them still. */
  private readonly released = new Map<string, ReadonlySet<string>>();
  /** uids whose finalizer a user took off by hand: what follows from that is theirs. */
  private readonly stripped = new Set<string>();
  /** `node/uid` of what a machine held when its Node was deleted: nobody answers for it any more. */
  private readonly abandoned = new Set<string>();

  constructor() {
    this.controller = this.newController();
    const setStatus = this.api.setStatus.bind(this.api);
    this.api.setStatus = (kind, name, uid, status) => {
      this.checkReady(uid, status);
      return setStatus(kind, name, uid, status);
    };
  }

  run(action: Action): void {
    switch (action.by) {
      case 'user':
        this.user(action);
        break;
      case 'machine':
        this.machineStep(action);
        break;
      case 'controller':
        this.controllerStep(action);
        break;
    }
    this.check();
  }

  /** Lets everybody get on with it until nothing is left to do. Every node is back, every device closed. */
  settle(): void {
    this.orphans = [];
    for (const machine of this.machines) {
      machine.inUse.clear();
      machine.setConnected(true, this.now);
      machine.start(this.now);
    }
    for (let round = 0; round < 100; round += 1) {
      if (!this.settleOnce()) {
        return;
      }
    }
    throw new Violation('it never settles');
  }

  private agentRound(machine: NodeMachine): void {
    machine.read(0);
    for (let step = 0; machine.step(step); step += 1) {
      this.check();
    }
    if (machine.statusText() !== JSON.stringify(this.api.scstNodes.get(machine.name)?.status)) {
      machine.report();
    }
  }

  private controllerRound(turns: number): void {
    this.controller.tick();
    this.deliverAll();
    for (let turn = 0; turn < turns && (this.controller.land() || this.controller.run(turn, false)); turn += 1) {
      this.deliverAll();
      this.check();
    }
  }

  /** Lets the controller's caches see everything. */
  deliverAll(): void {
    KINDS.forEach((kind) => this.controller.deliver(kind, Number.MAX_SAFE_INTEGER));
  }

  /** False when nothing happened. */
  private settleOnce(): boolean {
    const before = this.eventCount();
    this.machines.forEach((machine) => this.agentRound(machine));
    this.controllerRound(10_000);
    return this.eventCount() !== before;
  }

  private eventCount(): number {
    return KINDS.reduce((sum, kind) => sum + (this.api.log.get(kind)?.length ?? 0), 0);
  }

  /** What must hold once everything is settled. */
  checkSettled(): void {
    const unfinished = this.controller.unfinished();
    if (unfinished.length > 0) {
      throw new Violation(`nobody was told to look at ${unfinished.join()} again`);
    }
    for (const object of this.api.objects.values()) {
      if (object.metadata.deletionTimestamp !== undefined) {
        throw new Violation(`${object.kind}/${object.metadata.name} never goes`);
      }
      if (object.status?.observedGeneration !== object.metadata.generation) {
        throw new Violation(`${object.kind}/${object.metadata.name} has a status of another generation`);
      }
    }
    for (const machine of this.machines) {
      const stored = this.api.scstNodes.get(machine.name);
      if (!this.api.nodes.has(machine.name)) {
        if (stored !== undefined) {
          throw new Violation(`the ScstNode of ${machine.name} outlives its Node`);
        }
        continue;
      }
      if (stored === undefined || stored.spec.tombstones.length > 0) {
        throw new Violation(`${machine.name} has no ScstNode, or one with open tombstones`);
      }
      const wanted = [...wantedOf(stored.spec).keys()].sort();
      const held = [...machine.kernel.keys()].sort();
      if (JSON.stringify(wanted) !== JSON.stringify(held)) {
        throw new Violation(`${machine.name} holds ${held.join()} instead of ${wanted.join()}`);
      }
    }
  }

  private check(): void {
    for (const [name, { spec }] of this.api.scstNodes) {
      const lists = [
        ['ScstDevice', spec.devices],
        ['ScstTarget', spec.targets],
        ['ScstSession', spec.sessions],
        ['ScstLun', spec.luns],
      ] as const;
      for (const [kind, entries] of lists) {
        for (const entry of entries) {
          const object = this.api.objects.get(`${kind}/${entry.name}`);
          const held = object?.metadata.uid === entry.uid && object.metadata.finalizers?.includes(FINALIZER) === true;
          if (!held && !this.stripped.has(entry.uid)) {
            throw new Violation(`${name} has an entry of ${kind}/${entry.name}, which has no finalizer`);
          }
        }
      }
    }
  }

  /** A Ready that is written must have been real on every node that it speaks of. */
  private checkReady(uid: string, status: UserStatus): void {
    if (status.conditions?.find(({ type }) => type === 'Ready')?.status !== 'True') {
      return;
    }
    for (const { node, state } of status.samples ?? []) {
      const machine = this.machines.find(({ name }) => name === node);
      const generations = [...(machine?.everRealised ?? [])].filter((each) => each.startsWith(`${uid}@`));
      const newest = Math.max(0, ...generations.map((each) => Number(each.split('@')[1])));
      if (state !== 'Ready' || newest < (status.observedGeneration ?? 0)) {
        throw new Violation(`${uid} is called Ready on ${node} at generation ${newest}`);
      }
    }
  }

  private excused(): Set<string> {
    const away = this.machines.filter(({ name }) => {
      const health = this.health(name);
      return !this.api.nodes.has(name) || (health.state === 'Unknown' && this.now - health.since >= GRACE_MS);
    });
    return new Set(away.map(({ name }) => name));
  }

  private releasing(object: UserObject, excusedBefore: ReadonlySet<string>): void {
    const uid = object.metadata.uid ?? '';
    const stored = this.api.objects.get(`${object.kind}/${object.metadata.name}`);
    if (stored?.metadata.uid !== uid) {
      return;
    }
    const excused = new Set([...excusedBefore, ...this.excused()]);
    for (const machine of this.machines) {
      const holds = [...machine.kernel.values()].some((item) => item.uid === uid);
      if (holds && !excused.has(machine.name) && !this.abandoned.has(`${machine.name}/${uid}`)) {
        throw new Violation(`${uid} is released while ${machine.name} holds it`);
      }
    }
    this.released.set(uid, excused);
  }

  private realised(machine: NodeMachine, uid: string): void {
    const excused = this.released.get(uid);
    if (excused !== undefined && !excused.has(machine.name) && !this.abandoned.has(`${machine.name}/${uid}`)) {
      throw new Violation(`${machine.name} realises ${uid}, which was released`);
    }
  }

  private user(action: UserAction): void {
    switch (action.type) {
      case 'create':
        this.api.create(action.object);
        break;
      case 'edit':
        this.api.edit(action.object.kind, action.object.metadata.name, mutable(action.object));
        break;
      case 'delete':
        this.choose(action.choice, (kind, name) => this.api.delete(kind, name));
        break;
      case 'forceDeletion':
        this.choose(action.choice, (kind, name) => {
          if (kind !== 'ScstDevice') {
            this.api.edit(kind, name, { deletionPolicy: 'Force' });
          }
        });
        break;
      case 'stripFinalizer':
        this.choose(action.choice, (kind, name, uid) => {
          this.stripped.add(uid);
          this.released.delete(uid);
          this.api.removeFinalizer(kind, name, uid);
        });
        break;
      case 'putNode':
        this.api.putNode(action.node);
        break;
    }
  }

  private machineStep(action: MachineAction): void {
    const machine = this.machines[action.machine % this.machines.length];
    if (machine === undefined) {
      throw new Error('a world without machines');
    }
    switch (action.type) {
      case 'start':
        machine.start(this.now);
        break;
      case 'crash':
        machine.crash(this.now);
        break;
      case 'powerOff':
        machine.powerOff(this.now);
        break;
      case 'cut':
      case 'join':
        machine.setConnected(action.type === 'join', this.now);
        break;
      case 'deleteNode':
        this.deleteNode(machine);
        break;
      case 'deleteScstNode':
        this.api.deleteScstNode(machine.name, this.api.scstNodes.get(machine.name)?.metadata.uid ?? '');
        break;
      case 'report':
        machine.report();
        break;
      case 'round':
        this.agentRound(machine);
        break;
      case 'read':
        machine.read(action.back);
        break;
      case 'realise':
        action.choices.forEach((choice) => machine.step(choice));
        break;
      case 'open':
      case 'close':
        this.use(machine, action.choice, action.type === 'open');
        break;
    }
  }

  private controllerStep(action: ControllerAction): void {
    switch (action.type) {
      case 'crash':
        this.crashController();
        break;
      case 'land':
        this.controller.land();
        break;
      case 'round':
        this.controllerRound(action.turns);
        break;
      case 'deliver':
        this.controller.deliver(KINDS[action.kind % KINDS.length] ?? 'Node', action.count);
        break;
      case 'reconcile':
        action.choices.forEach((choice) => this.controller.run(choice, action.slow));
        break;
      case 'landOrphan':
        this.orphans.splice(action.choice % Math.max(1, this.orphans.length), 1)[0]?.land();
        break;
      case 'wait':
        this.now += action.seconds * 1000;
        this.controller.tick();
        break;
    }
  }

  private choose(choice: number, act: (kind: UserKind, name: string, uid: string) => void): void {
    const all = [...this.api.objects.values()];
    const object = all[choice % Math.max(1, all.length)];
    if (object !== undefined && USER_KINDS.includes(object.kind)) {
      act(object.kind, object.metadata.name, object.metadata.uid ?? '');
    }
  }

  private use(machine: NodeMachine, choice: number, open: boolean): void {
    const luns = [...machine.kernel.values()].filter(({ kind }) => kind === 'luns');
    const lun = luns[choice % Math.max(1, luns.length)];
    if (lun !== undefined) {
      machine.inUse[open ? 'add' : 'delete'](lun.uid);
    }
  }

  private deleteNode(machine: NodeMachine): void {
    for (const uid of [
      ...machine.kernel.values(),
      ...(machine.journal === undefined ? [] : wantedOf(machine.journal.spec).values()),
    ]) {
      this.abandoned.add(`${machine.name}/${uid.uid}`);
    }
    this.api.deleteNode(machine.name);
  }

  private crashController(): void {
    this.orphans.push(...this.controller.flights.map(({ flight }) => flight).filter(({ outlives }) => outlives));
    this.controller = this.newController();
  }

  private newController(): ControllerProcess {
    return new ControllerProcess({
      api: this.api,
      now: () => this.now,
      health: (name) => this.health(name),
      excused: () => this.excused(),
      onRelease: (object, excused) => this.releasing(object, excused),
    });
  }

  private health(name: string): ReturnType<NodeMachine['health']> {
    return this.machines.find((machine) => machine.name === name)?.health(this.now) ?? { state: 'NeverSeen' };
  }
}

/** The part of a spec that may be changed. */
function mutable(object: UserObject): object {
  switch (object.kind) {
    case 'ScstDevice':
      return { vdiskFileio: object.spec.vdiskFileio, engine: object.spec.engine, sharing: object.spec.sharing };
    case 'ScstTarget':
      return { nodeName: object.spec.nodeName, nodeSelector: object.spec.nodeSelector };
    case 'ScstSession':
      return { nodeName: object.spec.nodeName, deletionPolicy: object.spec.deletionPolicy };
    case 'ScstLun':
      return { readOnly: object.spec.readOnly, deletionPolicy: object.spec.deletionPolicy };
  }
}
