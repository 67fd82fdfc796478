// The upstream of the benchmark where nginx is installed: it leaves more of the machine to what is measured.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateFiles } from './certificates.ts';
import type { Command } from './processes.ts';
import { LIST } from './upstream-content.ts';

/**
 * The command that starts nginx as the upstream. It answers as upstream.ts does.
 * @param name of its files in the folder
 * @param uploadPort where it answers uploads, once it has read them whole
 */
export function nginxUpstream(
  folder: string,
  name: string,
  { port, uploadPort, tls }: { port: number; uploadPort: number; tls?: CertificateFiles | undefined },
): Command {
  writeFileSync(join(folder, 'list.json'), LIST);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`)
    .join(' ');
  const path = join(folder, `${name}.conf`);
  writeFileSync(
    path,
    `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off; worker_processes 1; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log;
    events { worker_connections 8192; }
    http {
      access_log off; keepalive_timeout 0; client_max_body_size 0; client_body_buffer_size 256k; ${temporary}
      default_type application/json;
      add_header Vary 'Accept, Cookie'; add_header Set-Cookie 'sentrysid=""; Path=/';
      add_header X-Content-Type-Options nosniff;
      server {
        listen 127.0.0.1:${port} ${tls === undefined ? '' : 'ssl'} backlog=8192; root ${folder};
        ${tls === undefined ? '' : `ssl_certificate ${tls.cert}; ssl_certificate_key ${tls.key}; ssl_session_cache shared:s:10m;`}
        location / {
          error_page 418 = @upload;
          if ($request_method = POST) { return 418; }
          try_files /list.json =404;
        }
        location @upload { proxy_pass http://127.0.0.1:${uploadPort}; }
      }
      server { listen 127.0.0.1:${uploadPort} backlog=8192; location / { return 200 '{}'; } }
    }`,
  );
  return { file: 'nginx', args: ['-c', path, '-e', join(folder, `${name}.log`)] };
}
