function hooks = no_hooks()
  % The hooks of fit that do nothing.
  hooks = struct('forward', @(layers) layers, 'step', @(run, share) run, ...
                 'epoch', @(run) run, 'save', @(run) []);
end
