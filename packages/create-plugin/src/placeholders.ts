import type { PluginAnswers } from './answers.ts';
import type { PluginLogin } from './choices.ts';
import type { ReleasedWith } from './released-with.ts';

/** What stands for `«NAME»` in a template, by name. */
export type Placeholders = Readonly<Record<string, string>>;

/** The values for one package. Each is safe in any of the templates: no quotes, no line breaks. */
export function placeholdersOf(answers: PluginAnswers, versions: ReleasedWith): Placeholders {
  const { id, packageName, license, baseUrl, models, dialect, login } = answers;
  const env = envPrefix(id);
  return {
    ID: id,
    PACKAGE: packageName,
    DESCRIPTION: `Models of ${id} for cliproxy.`,
    LICENSE: license,
    BASE_URL: baseUrl,
    AUTH_URL: `https://${new URL(baseUrl).hostname.replace(/^api\./u, 'auth.')}`,
    MODEL: (models[0] ?? id).replaceAll('*', '1'),
    MODELS: models.join('`, `'),
    DIALECT: dialect ?? 'openai-chat',
    ENV: env,
    YAML_CONFIG: yamlConfig(login, env),
    YEAR: String(new Date().getFullYear()),
    API_VERSION: versions.contract,
    PLUGIN_API_VERSION: versions.pluginApi,
    TESTKIT_VERSION: versions.testkit,
    OAUTH_VERSION: versions.oauth,
  };
}

/**
 * A template with its placeholders filled in. A line with `«EACH_MODEL»` is repeated for each model.
 *
 * @throws Error that names a placeholder which nothing stands for.
 */
export function filled(
  text: string,
  placeholders: Placeholders,
  models: readonly string[] = [],
): string {
  return text
    .split('\n')
    .flatMap((line) =>
      line.includes('«EACH_MODEL»')
        ? models.map((model) => line.replaceAll('«EACH_MODEL»', model))
        : [line],
    )
    .join('\n')
    .replaceAll(/«([A-Z_]+)»/gu, (whole, name: string) => {
      const value = placeholders[name];
      if (value === undefined) throw new Error(`nothing stands for ${whole} in a template`);
      return value;
    });
}

/** How the environment variables of a plugin begin. */
function envPrefix(id: string): string {
  const name = id.toUpperCase().replaceAll(/[^A-Z0-9]+/gu, '_');
  return /^[A-Z]/u.test(name) ? name : `P_${name}`;
}

/** What an operator writes behind `config:`. */
function yamlConfig(login: PluginLogin, env: string): string {
  switch (login) {
    case 'api-key':
      return `{ apiKeys: ['\${${env}_API_KEY}'] }`;
    case 'oauth':
      return `{ oauth: { clientId: '\${${env}_CLIENT_ID}' } }`;
    case 'token':
      return `{ tokens: ['\${${env}_TOKEN}'] }`;
  }
}
